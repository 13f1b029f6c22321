package dashboard

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
)

// A metric is one name that Prometheus reads, and where its values are in a
// snapshot. The list is what metrics, alerts and the Grafana example are held
// against.
type metric struct {
	name, help string
	kind       prometheus.ValueType
	labels     []string
	values     func(*mirror.Snapshot) []sample
	// histogram is set instead of values for a distribution.
	histogram func(*mirror.Snapshot) mirror.Histogram
}

type sample struct {
	value  float64
	labels []string
}

func one(v float64, labels ...string) []sample { return []sample{{v, labels}} }

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// catalogue lists every metric of ours. The replica is the one that answers.
func catalogue(replica string) []metric {
	gauge := func(name, help string, value func(*mirror.Snapshot) int) metric {
		return metric{name: name, help: help, kind: prometheus.GaugeValue, values: func(s *mirror.Snapshot) []sample { return one(float64(value(s))) }}
	}
	counter := func(name, help string, value func(*mirror.Totals) int) metric {
		return metric{name: name, help: help, kind: prometheus.CounterValue, values: func(s *mirror.Snapshot) []sample { return one(float64(value(&s.Totals))) }}
	}
	return []metric{
		gauge("lockstep_agents", "Matched agents.", func(s *mirror.Snapshot) int { return s.Totals.Agents }),
		gauge("lockstep_agents_on_duty", "Agents whom a rule reaches and who are logged in on both sides.", func(s *mirror.Snapshot) int { return s.Totals.OnDuty }),
		gauge("lockstep_agents_apart", "Agents whose two sides are not a pair of their rule.", func(s *mirror.Snapshot) int { return s.Totals.Apart }),
		gauge("lockstep_agents_pending", "Agents one of whose sides is being set.", func(s *mirror.Snapshot) int { return s.Totals.Pending }),
		gauge("lockstep_agents_parked", "Agents left alone for a while because they flap or somebody undoes what is set.", func(s *mirror.Snapshot) int { return s.Totals.Parked }),
		gauge("lockstep_agents_undeliverable", "Agents one of whose sides cannot be reached.", func(s *mirror.Snapshot) int { return s.Totals.Undeliverable }),
		gauge("lockstep_agents_stopped", "Agents whose sync is stopped.", func(s *mirror.Snapshot) int { return s.Totals.Stopped }),
		gauge("lockstep_people_unmatched", "CXone agents whom a rule reaches and who have not exactly one counterpart in Salesforce.", func(s *mirror.Snapshot) int { return s.Totals.Unmatched }),

		counter("lockstep_changes_total", "Moves by people or vendors.", func(t *mirror.Totals) int { return t.Changes }),
		counter("lockstep_decisions_total", "Sides that were to be set.", func(t *mirror.Totals) int { return t.Decisions }),
		{name: "lockstep_writes_total", help: "Commands sent to a side, repeats included.", kind: prometheus.CounterValue, labels: []string{"side"}, values: writes},
		counter("lockstep_done_total", "Decisions that the side then showed.", func(t *mirror.Totals) int { return t.Done }),
		counter("lockstep_failures_total", "Writes that were refused or expired.", func(t *mirror.Totals) int { return t.Failures }),
		counter("lockstep_salesforce_calls_total", "API calls to Salesforce.", func(t *mirror.Totals) int { return t.Calls }),
		counter("lockstep_salesforce_deliveries_total", "Event deliveries from Salesforce.", func(t *mirror.Totals) int { return t.Deliveries }),
		{name: "lockstep_delay_seconds", help: "From news in to call out.", histogram: func(s *mirror.Snapshot) mirror.Histogram { return s.Totals.Delay }},
		{name: "lockstep_reaction_seconds", help: "From news in until the side shows what was decided.", histogram: func(s *mirror.Snapshot) mirror.Histogram { return s.Totals.Reaction }},

		gauge("lockstep_budget_calls_used", "Salesforce calls used of the day's budget.", func(s *mirror.Snapshot) int { return s.Budget.Calls }),
		gauge("lockstep_budget_calls", "Salesforce calls that the day's budget allows.", func(s *mirror.Snapshot) int { return s.Budget.CallsOf }),
		gauge("lockstep_budget_deliveries_used", "Event deliveries used of the day's budget.", func(s *mirror.Snapshot) int { return s.Budget.Deliveries }),
		gauge("lockstep_budget_deliveries", "Event deliveries that the day's budget allows.", func(s *mirror.Snapshot) int { return s.Budget.DeliveriesOf }),

		gauge("lockstep_leader", "1 on the replica that holds the lease.", func(s *mirror.Snapshot) int { return int(truth(s.Owner != "" && s.Owner == replica)) }),
		gauge("lockstep_epoch", "The lease's epoch; it grows when another replica takes over.", func(s *mirror.Snapshot) int { return int(s.Epoch) }),
		gauge("lockstep_store_up", "1 while the store takes what is to be kept; nothing is sent to a vendor before it is kept.", func(s *mirror.Snapshot) int { return int(truth(!troubled(s, "store"))) }),
		gauge("lockstep_halted", "1 while nobody is moved: stop, freeze or breaker.", func(s *mirror.Snapshot) int { return int(truth(s.Halted != "")) }),
		gauge("lockstep_one_way", "1 while Salesforce is not written to.", func(s *mirror.Snapshot) int { return int(truth(s.OneWay != "")) }),
		{name: "lockstep_feed_up", help: "1 while a side can be observed.", kind: prometheus.GaugeValue, labels: []string{"side"}, values: feeds},
		{name: "lockstep_feed_last_news_timestamp_seconds", help: "When a side last said anything.", kind: prometheus.GaugeValue, labels: []string{"side"}, values: lastNews},
		{name: "lockstep_rule_agents", help: "Agents whose pair is the row's.", kind: prometheus.GaugeValue, labels: rowLabels(), values: rows(func(r *mirror.RuleRow) int { return r.Now })},
		{name: "lockstep_rule_decisions_total", help: "Decisions that rested on the row.", kind: prometheus.CounterValue, labels: rowLabels(), values: rows(func(r *mirror.RuleRow) int { return r.Used })},
	}
}

func writes(s *mirror.Snapshot) []sample {
	to := s.Totals.WritesTo
	return []sample{{float64(to.CXone), []string{"cxone"}}, {float64(to.Salesforce), []string{"salesforce"}}}
}

func troubled(s *mirror.Snapshot, what string) bool {
	return slices.ContainsFunc(s.Troubles, func(t mirror.Trouble) bool { return t.What == what })
}

// feeds tells nothing of a replica that stands by: it looks at neither side.
func feeds(s *mirror.Snapshot) []sample {
	if s.Standing == mirror.Standby {
		return nil
	}
	return []sample{{truth(observed(s.Feed.Salesforce)), []string{"salesforce"}}, {truth(observed(s.Feed.CXone)), []string{"cxone"}}}
}

func lastNews(s *mirror.Snapshot) []sample {
	var all []sample
	if !s.Feed.News.IsZero() {
		all = append(all, sample{float64(s.Feed.News.UnixMilli()) / 1000, []string{"salesforce"}})
	}
	if !s.Feed.Polled.IsZero() {
		all = append(all, sample{float64(s.Feed.Polled.UnixMilli()) / 1000, []string{"cxone"}})
	}
	return all
}

// observed reads a feed's own words: they start with how it is observed.
func observed(feed string) bool {
	return !strings.HasPrefix(feed, "down") && feed != string(mirror.Starting)
}

func rowLabels() []string { return []string{"rule", "direction", "state", "status"} }

func rows(value func(*mirror.RuleRow) int) func(*mirror.Snapshot) []sample {
	return func(s *mirror.Snapshot) []sample {
		all := make([]sample, len(s.Rules))
		for i := range s.Rules {
			r := &s.Rules[i]
			all[i] = sample{float64(value(r)), []string{r.Rule, r.Direction, r.State, r.Status}}
		}
		return all
	}
}

// metrics serves the metrics of one tenant.
func (d *Dashboard) metrics() http.Handler {
	return metricsOf(d.o, func() []Source { return []Source{d.o.Source} })
}

// metricsOf serves our metrics and those of the Go process from a registry of
// their own.
func metricsOf(o Options, sources func() []Source) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	registry.MustRegister(newCollector(o, sources))
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

// A collector turns snapshots into metrics when it is asked. Each metric has
// the tenant as its last label, but for the one that is about the process.
type collector struct {
	sources func() []Source
	list    []metric
	descs   []*prometheus.Desc
	build   prometheus.Metric
}

func newCollector(o Options, sources func() []Source) *collector {
	c := &collector{sources: sources, list: catalogue(o.Replica)}
	for i := range c.list {
		m := &c.list[i]
		c.descs = append(c.descs, prometheus.NewDesc(m.name, m.help, slices.Concat(m.labels, []string{"tenant"}), nil))
	}
	build := prometheus.NewDesc("lockstep_build_info", "Always 1; the labels tell the version and the replica.", []string{"version", "replica"}, nil)
	c.build = prometheus.MustNewConstMetric(build, prometheus.GaugeValue, 1, o.Version, o.Replica)
	return c
}

// Describe names every metric.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		ch <- d
	}
	ch <- c.build.Desc()
}

// Collect reads one snapshot of each tenant, so that what is scraped of it
// belongs together.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	ch <- c.build
	for _, source := range c.sources() {
		if s := head(context.Background(), source); s != nil {
			c.collect(ch, s)
		}
	}
}

func (c *collector) collect(ch chan<- prometheus.Metric, s *mirror.Snapshot) {
	for i := range c.list {
		m := &c.list[i]
		if m.histogram != nil {
			ch <- distribution(c.descs[i], m.histogram(s), s.Tenant)
			continue
		}
		for _, v := range m.values(s) {
			ch <- prometheus.MustNewConstMetric(c.descs[i], m.kind, v.value, slices.Concat(v.labels, []string{s.Tenant})...)
		}
	}
}

// distribution turns counts a bucket into Prometheus' counts up to a bound.
func distribution(desc *prometheus.Desc, h mirror.Histogram, labels ...string) prometheus.Metric {
	buckets, total := make(map[float64]uint64, len(h.Bounds)), uint64(0)
	for i, n := range h.Counts {
		total += n
		if i < len(h.Bounds) {
			buckets[h.Bounds[i]] = total
		}
	}
	return prometheus.MustNewConstHistogram(desc, total, h.Sum, buckets, labels...)
}
