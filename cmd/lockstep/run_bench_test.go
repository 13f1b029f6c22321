package main

import (
	"testing"
)

// BenchmarkDelay lets 500 changes a second happen, on both sides in turn, and
// measures at the vendors how long each took from when it could be known to the
// call that brings it to the other side: from the change itself in Salesforce,
// whose event is emitted with it, and in CXone from the answer of the poll that
// carries it. What run says of itself is beside it. The store is on disk, and
// synced before each call.
func BenchmarkDelay(b *testing.B) {
	binary := build(b)
	h := newTheatre(b, binary, settings{agents: 20_000, poll: "1s"})
	m := h.start(true)
	h.awake(m)
	h.live(200, 5, "") // what is done once only: connections, statuses' Ids
	for b.Loop() {
		t := h.live(500, 30, "")
		both := append(append([]float64{}, t.ToCXone...), t.ToSalesforce...)
		bar(b, "p50-ms", percentile(both, .5), 5)
		bar(b, "p99-ms", percentile(both, .99), 50)
		for name, values := range map[string][]float64{"to-cxone": t.ToCXone, "to-salesforce": t.ToSalesforce} {
			figure(b, name+"-p50-ms", percentile(values, .5))
			figure(b, name+"-p99-ms", percentile(values, .99))
		}
		if measured := len(both) + t.Unclear; measured < t.Changes*95/100 {
			b.Errorf("%d of %d changes were measured", measured, t.Changes)
		}
		figure(b, "unclear", float64(t.Unclear))
		figure(b, "cxone-change-to-push-p99-ms", percentile(t.Pushed, .99))
		figure(b, "cxone-change-to-console-p99-ms", percentile(t.Shown, .99))
		figure(b, "writes/change", float64(t.States+t.Commands)/float64(t.Changes))
		figure(b, "calls/change", float64(t.Calls)/float64(t.Changes))
		figure(b, "deliveries/change", float64(t.Deliveries)/float64(t.Changes))
	}
}
