package dashboard

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"go.yaml.in/yaml/v3"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
)

var update = flag.Bool("update", false, "rewrite the files that are made from the list of alerts")

const observe = "../../../examples/observe/"

func scrape(t *testing.T, d http.Handler) string {
	t.Helper()
	w := httptest.NewRecorder()
	d.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	return tenantLabel.Replace(ofTenant.ReplaceAllString(w.Body.String(), ""))
}

// All is of one tenant, but for a test of its own.
var (
	ofTenant    = regexp.MustCompile(`,?tenant="[^"]*"`)
	tenantLabel = strings.NewReplacer("{,", "{", "{}", "")
)

func quiet(t *testing.T, c *centre) *Dashboard {
	t.Helper()
	d, err := New(Options{Source: c, Replica: "replica-1", Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestMetrics(t *testing.T) {
	c := newCentre(40)
	c.change(func(s *mirror.Snapshot) {
		s.Totals.Changes, s.Totals.Delay.Counts[1], s.Totals.Delay.Counts[13], s.Totals.Delay.Sum = 12, 3, 2, 31.5
		s.Totals.WritesTo = mirror.Two{CXone: 4, Salesforce: 5}
		s.Feed.CXone, s.Halted = "down: 401", "stopped"
		s.Troubles = []mirror.Trouble{{What: "store", Text: "no space left on device"}}
	})
	text := scrape(t, quiet(t, c))
	for want, why := range map[string]string{
		"lockstep_agents 40\n":                                     "a gauge",
		"lockstep_agents_on_duty 39\n":                             "one is logged out",
		`lockstep_writes_total{side="cxone"} 4` + "\n":             "the two ways of writing are told apart",
		`lockstep_writes_total{side="salesforce"} 5` + "\n":        "and so is the other",
		"lockstep_store_up 0\n":                                    "nothing can be kept",
		"lockstep_changes_total 12\n":                              "a counter",
		`lockstep_delay_seconds_bucket{le="0.001"} 0` + "\n":       "nothing up to the first bound",
		`lockstep_delay_seconds_bucket{le="0.0025"} 3` + "\n":      "counts are cumulative",
		`lockstep_delay_seconds_bucket{le="10"} 3` + "\n":          "what is beyond all bounds is in none",
		`lockstep_delay_seconds_bucket{le="+Inf"} 5` + "\n":        "but in the total",
		"lockstep_delay_seconds_sum 31.5\n":                        "the sum is the engine's",
		`lockstep_feed_up{side="cxone"} 0` + "\n":                  "a feed that is down",
		`lockstep_feed_up{side="salesforce"} 1` + "\n":             "and one that is not",
		"lockstep_leader 1\n":                                      "this replica owns the lease",
		"lockstep_halted 1\n":                                      "nobody is moved",
		`lockstep_build_info{replica="replica-1",version="test"}`:  "which version runs",
		"go_goroutines ":                                           "the process, too",
		`lockstep_rule_agents{direction="both",rule="Support",sta`: "rows",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s: no %q", why, want)
		}
	}
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "lockstep_") {
			t.Errorf("against Prometheus' conventions: %s: %s", p.Metric, p.Text)
		}
	}
}

// TestMetricsOfAReplica: one that is well, one that has not read a side yet, and
// one that looks at neither.
func TestMetricsOfAReplica(t *testing.T) {
	c := newCentre(3)
	d := quiet(t, c)
	up := regexp.MustCompile(`(?m)^lockstep_(?:feed|store)_up.*$`)
	for _, test := range []struct {
		reason string
		change func(s *mirror.Snapshot)
		want   []string
	}{
		{"all is well", func(*mirror.Snapshot) {}, []string{`lockstep_feed_up{side="cxone"} 1`, `lockstep_feed_up{side="salesforce"} 1`, "lockstep_store_up 1"}},
		{
			"Salesforce was never read", func(s *mirror.Snapshot) { s.Standing, s.Feed.Salesforce = mirror.Starting, "starting" },
			[]string{`lockstep_feed_up{side="cxone"} 1`, `lockstep_feed_up{side="salesforce"} 0`, "lockstep_store_up 1"},
		},
		{
			"who stands by needs the store only", func(s *mirror.Snapshot) {
				s.Standing, s.Feed.Salesforce, s.Feed.CXone = mirror.Standby, "standby", "standby"
			},
			[]string{"lockstep_store_up 1"},
		},
	} {
		c.change(test.change)
		if diff := cmp.Diff(test.want, up.FindAllString(scrape(t, d), -1)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.reason, diff)
		}
	}
}

// metricNames finds what an expression reads.
var metricNames = regexp.MustCompile(`lockstep_[a-z_]+`)

func known(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for line := range strings.SplitSeq(scrape(t, quiet(t, newCentre(3))), "\n") {
		if name := metricNames.FindString(line); name != "" && !strings.HasPrefix(line, "#") {
			names[name] = true
		}
	}
	return names
}

func TestAlertsNameWhatExists(t *testing.T) {
	names, seen := known(t), map[string]bool{}
	for _, a := range Alerts() {
		used := metricNames.FindAllString(a.Expr, -1)
		if len(used) == 0 || seen[a.Name] || a.Summary == "" || a.Action == "" {
			t.Errorf("%s: reads nothing, is there twice, or says too little", a.Name)
		}
		seen[a.Name] = true
		for _, name := range used {
			if !names[name] {
				t.Errorf("%s reads %s, which is no metric", a.Name, name)
			}
		}
	}
}

// TestSharesAreOfThoseOnDuty: whoever is logged out, or whom no rule reaches,
// makes no centre look better than it is.
func TestSharesAreOfThoseOnDuty(t *testing.T) {
	grafana, err := os.ReadFile(observe + "grafana.json")
	if err != nil {
		t.Fatal(err)
	}
	shares := map[string]string{"Grafana": string(grafana)}
	for _, a := range Alerts() {
		shares[a.Name] = a.Expr
	}
	ofAll, ofDuty := regexp.MustCompile(`/ \(?(sum\()?lockstep_agents\b`), regexp.MustCompile(`/ \(?(sum\()?lockstep_agents_on_duty\b`)
	for where, expression := range shares {
		if ofAll.MatchString(expression) {
			t.Errorf("%s divides by all agents", where)
		}
	}
	for _, where := range []string{"Grafana", "LockstepAgentsApart", "LockstepUndeliverable"} {
		if !ofDuty.MatchString(shares[where]) {
			t.Errorf("%s divides by something else", where)
		}
	}
}

// TestAlertsFile holds the example to the list; -update writes it anew.
func TestAlertsFile(t *testing.T) {
	var made bytes.Buffer
	if err := WriteAlerts(&made); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(observe+"alerts.yml", made.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(observe + "alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(kept), made.String()); diff != "" {
		t.Errorf("alerts.yml -want +got (go test ./cmd/internal/dashboard -update accepts it):\n%s", diff)
	}
}

// TestExamplesAreYAML: a reader that nobody here wrote finds every rule as it is
// in the list, and Prometheus' own file names the rules.
func TestExamplesAreYAML(t *testing.T) {
	var rules struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	var scraped struct {
		RuleFiles     []string `yaml:"rule_files"`
		ScrapeConfigs []struct {
			JobName string `yaml:"job_name"`
		} `yaml:"scrape_configs"`
	}
	for name, into := range map[string]any{"alerts.yml": &rules, "prometheus.yml": &scraped} {
		data, err := os.ReadFile(observe + name)
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal(data, into); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	if len(rules.Groups) != 1 {
		t.Fatalf("%d groups of rules", len(rules.Groups))
	}
	var got []Alert
	for _, r := range rules.Groups[0].Rules {
		got = append(got, Alert{r.Alert, r.Expr, r.For, r.Labels["severity"], r.Annotations["summary"], r.Annotations["description"]})
	}
	if diff := cmp.Diff(Alerts(), got); diff != "" {
		t.Errorf("alerts.yml -want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"alerts.yml"}, scraped.RuleFiles); diff != "" || len(scraped.ScrapeConfigs) != 1 {
		t.Errorf("prometheus.yml scrapes %+v, and its rules are:\n%s", scraped.ScrapeConfigs, diff)
	}
}

func TestGrafanaReadsWhatExists(t *testing.T) {
	data, err := os.ReadFile(observe + "grafana.json")
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		UID    string
		Panels []struct {
			ID      int
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	names, used := known(t), map[string]bool{}
	for _, p := range d.Panels {
		if len(p.Targets) == 0 {
			t.Errorf("%s shows nothing", p.Title)
		}
	}
	for _, name := range metricNames.FindAllString(string(data), -1) {
		used[name] = true
		if !names[name] {
			t.Errorf("reads %s, which is no metric", name)
		}
	}
	if d.UID == "" || len(used) < 15 {
		t.Errorf("the dashboard %q reads only %d metrics", d.UID, len(used))
	}
}
