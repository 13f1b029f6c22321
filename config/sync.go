package config

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/lockstep-sync/lockstep/schema"
)

// A Sync is what the sync block says about how run behaves. Without a block it
// holds the defaults.
type Sync struct {
	Match           string   // email | username | federation_id
	Strip           []string // endings to take off a Salesforce name before comparing
	Conflict        string   // latest | cxone | salesforce
	PollInterval    time.Duration
	WritesPerSecond int
	Budget          Budget
	Breaker         Breaker
	Freeze          []Window
	Retention       time.Duration
	Webhook         schema.Secret // of notify; zero when there is none

	Source *schema.Source // nil when there is no block
}

// A Budget is how much of the org's daily allowances run may use.
type Budget struct{ SalesforceCallsPerDay, SalesforceDeliveriesPerDay int }

// A Breaker stops run when a larger part of the agents than Moved is moved
// within a time.
type Breaker struct {
	Moved  float64 // 0.2 is a fifth
	Within time.Duration
}

// minPoll is the shortest poll interval; the vendor's own client polls every
// five seconds.
const minPoll = time.Second

// syncShape returns the arguments of the sync block.
func syncShape() *schema.Shape {
	return schema.NewShape(
		schema.Argument{Name: "match", Type: schema.OneOf("email", "username", "federation_id"), Default: schema.String("email"), Doc: "What tells that a Salesforce user and a CXone agent are the same person."},
		schema.Argument{Name: "strip", Type: schema.SetOf(schema.TextType()), Doc: "Endings that are taken off a Salesforce name before it is compared, such as \".uat\".", DefaultDoc: "in a sandbox: the sandbox's name and \".invalid\""},
		schema.Argument{Name: "conflict", Type: schema.OneOf("latest", "cxone", "salesforce"), Default: schema.String("latest"), Doc: "Which side wins when both have moved."},
		schema.Argument{Name: "poll_interval", Type: schema.SpanType(), Default: schema.Duration(5 * time.Second), Doc: "How often CXone is asked for agents' states. After a write to CXone the next two polls come a second apart, to see it: a centre that writes all the time is polled every second.", Check: checkPoll},
		schema.Argument{Name: "writes_per_second", Type: schema.NumberType(), Default: schema.Int(25), Doc: "The most writes a second, over all agents.", Check: checkPositive},
		schema.Argument{Name: "budget", Type: schema.RecordOf(
			schema.Argument{Name: "salesforce_calls_per_day", Type: schema.NumberType(), Default: schema.Int(20_000), Doc: "The most API calls to Salesforce a day.", Check: checkPositive},
			schema.Argument{Name: "salesforce_deliveries_per_day", Type: schema.NumberType(), Default: schema.Int(20_000), Doc: "The most event deliveries from Salesforce a day; past it run polls.", Check: checkPositive},
		), Nested: true, Doc: "How much of the org's daily allowances run may use."},
		schema.Argument{Name: "breaker", Type: schema.RecordOf(
			schema.Argument{Name: "moved", Type: schema.TextType(), Default: schema.String("20%"), Doc: "The part of the agents.", Check: checkPercent},
			schema.Argument{Name: "within", Type: schema.SpanType(), Default: schema.Duration(30 * time.Second), Doc: "The time.", Check: checkSpan},
		), Nested: true, Doc: "Stops run when too many agents are moved at once."},
		schema.Argument{Name: "freeze", Type: schema.ListOf(schema.TextType()), Doc: "Windows in which run writes nothing, such as \"Sat 22:00-04:00 Europe/Madrid\".", Check: checkWindows},
		schema.Argument{Name: "retention", Type: schema.SpanType(), Default: schema.Duration(90 * 24 * time.Hour), Doc: "How long history is kept.", Check: checkSpan},
		schema.Argument{Name: "notify", Type: schema.RecordOf(
			schema.Argument{Name: "webhook", Type: schema.TextType(), Required: true, Secret: true, Doc: "The https address that is called when run halts or parks agents.", Check: checkWebhook},
		), Nested: true, Doc: "Whom to tell."},
	)
}

func checkPoll(v schema.Value) string {
	if d, ok := v.(schema.Duration); ok && time.Duration(d) < minPoll {
		return fmt.Sprintf("The poll interval is %s, and less than %s costs calls without being any faster. Use %s or more.", schema.Text(v), minPoll, minPoll)
	}
	return ""
}

func checkPositive(v schema.Value) string {
	if i, ok := v.(schema.Int); ok && (i < 1 || i > 1_000_000_000) {
		return "The number must be 1 or more, and no more than a thousand million."
	}
	return ""
}

func checkSpan(v schema.Value) string {
	if d, ok := v.(schema.Duration); ok && d <= 0 {
		return "The duration must be longer than nothing."
	}
	return ""
}

func checkPercent(v schema.Value) string {
	if _, ok := percent(schema.Text(v)); !ok {
		return fmt.Sprintf("%q is no part of the agents. Write a percentage above 0%% and up to 100%%, such as \"20%%\".", schema.Text(v))
	}
	return ""
}

func percent(text string) (float64, bool) {
	digits, ok := strings.CutSuffix(text, "%")
	n, err := strconv.ParseFloat(digits, 64)
	return n / 100, ok && err == nil && n > 0 && n <= 100
}

func checkWindows(v schema.Value) string {
	list, _ := v.(schema.List)
	for _, e := range list {
		if _, err := parseWindow(schema.Text(e)); err != nil {
			return fmt.Sprintf("%q is no window of time: %v. Write days, times and a zone, such as \"Sat 22:00-04:00 Europe/Madrid\", \"Mon-Fri 12:00-13:00 UTC\" or \"daily 02:00-03:00 America/New_York\".", schema.Text(e), err)
		}
	}
	return ""
}

func checkWebhook(v schema.Value) string {
	secret, _ := v.(schema.Secret)
	u, err := url.Parse(secret.Reveal())
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return "The webhook is not an https address. Write https://HOST/PATH."
	}
	return ""
}

// decodeSync decodes the sync block, and the nested blocks that it leaves out.
func (l *loader) decodeSync() {
	var body *hclsyntax.Body
	var header hcl.Range
	b := l.only(syncBlock)
	if b != nil {
		body, header = b.Body, headerRange(b)
	}
	before := len(l.diags)
	r, src := l.settings(l.newDecoder(), header, body, syncShape(), syncBlock)
	if l.diags[before:].HasErrors() {
		return
	}
	l.conf.Sync = newSync(r)
	if b != nil {
		l.conf.Sync.Source = src
	}
}

func newSync(r schema.Record) Sync {
	budget, breaker := nestedOrDefaults(r, "budget"), nestedOrDefaults(r, "breaker")
	s := Sync{
		Match: r.Text("match"), Strip: r.Texts("strip"), Conflict: r.Text("conflict"),
		PollInterval: span(r, "poll_interval"), WritesPerSecond: number(r, "writes_per_second"),
		Budget: Budget{
			SalesforceCallsPerDay:      number(budget, "salesforce_calls_per_day"),
			SalesforceDeliveriesPerDay: number(budget, "salesforce_deliveries_per_day"),
		},
		Breaker:   Breaker{Within: span(breaker, "within")},
		Retention: span(r, "retention"),
	}
	s.Breaker.Moved, _ = percent(breaker.Text("moved"))
	for _, text := range r.Texts("freeze") {
		if w, err := parseWindow(text); err == nil {
			s.Freeze = append(s.Freeze, w)
		}
	}
	if notify, ok := r.Record("notify"); ok {
		s.Webhook = notify.Secret("webhook")
	}
	return s
}

// nestedOrDefaults returns the named record, or one of nothing but defaults.
func nestedOrDefaults(r schema.Record, name string) schema.Record {
	if nested, ok := r.Record(name); ok {
		return nested
	}
	nested := schema.NewRecord(r.Shape.Argument(name).Type.Shape)
	for i, a := range nested.Shape.Arguments {
		nested.SetAt(i, a.Default)
	}
	return nested
}

func span(r schema.Record, name string) time.Duration {
	d, _ := r.Get(name).(schema.Duration)
	return time.Duration(d)
}

func number(r schema.Record, name string) int {
	i, _ := r.Get(name).(schema.Int)
	return int(i)
}
