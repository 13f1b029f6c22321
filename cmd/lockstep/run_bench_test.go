package main

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
)

// BenchmarkDelay lets 500 changes a second happen, on both sides in turn, and
// measures at the vendors how long each took from when it could be known to the
// call that brings it to the other side: in Salesforce from the change itself,
// whose event is emitted with it, and in CXone from the answer of the poll that
// carries it. The store is on disk, and synced before each call.
//
// The bar of the median is for what comes in by itself. A poll brings half a
// second's worth of changes in one answer, and a thousand rows, so that most of
// what is in it waits for the rest: its median is reported. The other bar is for
// all. Every answer is one draw for 250 changes, so that it takes two minutes: in
// half of one, the 99th percentile of all is that of the slowest answer.
func BenchmarkDelay(b *testing.B) {
	h := newTheatre(b, build(b), settings{agents: 20_000, poll: "1s"})
	h.awake(h.start())
	h.live(200, 5, "") // what is done once only: connections, statuses' Ids
	for b.Loop() {
		t := h.live(500, 120, "")
		bar(b, "p50-ms", percentile(t.ToCXone, .5), 5)
		bar(b, "p99-ms", percentile(slices.Concat(t.ToCXone, t.ToSalesforce), .99), 50)
		figure(b, "event-p99-ms", percentile(t.ToCXone, .99))
		figure(b, "poll-p50-ms", percentile(t.ToSalesforce, .5))
		figure(b, "poll-p99-ms", percentile(t.ToSalesforce, .99))
		counts(b, &t)
	}
}

// counts holds the number of calls to their bars, and the measurement to having
// measured.
func counts(b *testing.B, t *tally) {
	b.Helper()
	changes := float64(t.Changes)
	bar(b, "writes/change", float64(t.States+t.Commands)/changes, 1.05)
	bar(b, "deliveries/change", float64(t.Deliveries)/changes, 2.05)
	figure(b, "salesforce-calls/change", float64(t.Calls)/changes)
	figure(b, "unclear", float64(t.Unclear))
	if measured := len(t.ToCXone) + len(t.ToSalesforce) + t.Unclear; measured < t.Changes*95/100 {
		b.Errorf("%d of %d changes were measured", measured, t.Changes)
	}
}

// BenchmarkPropagation measures how long a change takes to be on the other
// side, at a quieter rate. To CXone the vendor's own part is what the call takes
// there, which is left out, as the POST's arrival is measured. To Salesforce it
// is one poll interval and what is on top of it: until the push arrives, and
// until the console has carried it out, which waits 150 ms for its other tabs.
func BenchmarkPropagation(b *testing.B) {
	h := newTheatre(b, build(b), settings{agents: 5_000, poll: "1s"})
	h.awake(h.start())
	h.live(50, 5, "")
	for b.Loop() {
		t := h.live(50, 60, "")
		bar(b, "salesforce-to-cxone-p99-ms", percentile(t.ToCXone, .99), 50)
		bar(b, "cxone-to-salesforce-p99-ms", percentile(t.Pushed, .99), 1000+100)
		figure(b, "cxone-to-console-p99-ms", percentile(t.Shown, .99))
		counts(b, &t)
	}
}

// BenchmarkBurst lets everything come from CXone at once, which is when
// Salesforce has to be called for many.
func BenchmarkBurst(b *testing.B) {
	h := newTheatre(b, build(b), settings{agents: 10_000, poll: "1s"})
	h.awake(h.start())
	h.live(200, 2, "")
	for b.Loop() {
		t := h.live(1000, 5, "cxone")
		bar(b, "salesforce-calls/change", float64(t.Calls)/float64(t.Changes), .05)
		bar(b, "writes/change", float64(t.States+t.Commands)/float64(t.Changes), 1.05)
	}
}

// BenchmarkLoad lets 100,000 agents make 1,000 changes a second for a minute.
// Nothing may be lost: at the end both sides show, for everybody, what the agent
// last chose. The memory is the heap that a garbage collection leaves when all is
// quiet again, over that of a run that keeps one agent in step. The peaks of both,
// planning, the reading of everybody and the collector's head room included, are
// reported.
func BenchmarkLoad(b *testing.B) {
	const agents = 100_000
	binary := build(b)
	small := newTheatre(b, binary, settings{agents: 1, poll: "1s"})
	large := newTheatre(b, binary, settings{agents: agents, poll: "1s"})
	alone := small.start()
	small.awake(alone)
	m := large.start()
	large.awake(m)
	for b.Loop() {
		t := large.live(1000, 60, "")
		figure(b, "changes", float64(t.Changes))
		figure(b, "event-p50-ms", percentile(t.ToCXone, .5))
		figure(b, "event-p99-ms", percentile(t.ToCXone, .99))
		figure(b, "poll-p99-ms", percentile(t.ToSalesforce, .99))
		figure(b, "peak-MiB", m.peak())
		figure(b, "resident-MiB", m.resident())
		figure(b, "peak-of-one-MiB", alone.peak())
		heap := m.heap()
		figure(b, "heap-MiB", heap)
		bar(b, "KiB/agent", (heap-alone.heap())*1024/agents, 1)
		counts(b, &t)
	}
}

// BenchmarkFailover kills the owner of two processes that share a PostgreSQL,
// and in a second round stops it, so that it comes back and finds itself
// fenced. The other is to write within five seconds.
func BenchmarkFailover(b *testing.B) {
	address := postgres(b)
	h := newTheatre(b, build(b), settings{agents: 2_000, poll: "1s", store: address})
	owner := h.start()
	h.awake(owner)
	other := h.start()
	h.live(100, 5, "")
	for b.Loop() {
		h.order(order{Do: "tally"})
		took := h.takeOver(func() { owner.kill() }, func() {})
		bar(b, "killed-s", took.FirstWrite, 5)
		figure(b, "writes/change", float64(took.States+took.Commands)/float64(took.Changes))

		owner, other = other, h.start()
		h.live(100, 5, "") // by then the new one waits
		took = h.takeOver(func() { must(b, owner.cmd.Process.Signal(syscall.SIGSTOP)) },
			func() { must(b, owner.cmd.Process.Signal(syscall.SIGCONT)) })
		bar(b, "stopped-s", took.FirstWrite, 5)
		bar(b, "writes-by-fenced", float64(took.Fenced), 0)
		owner, other = other, owner
	}
}

// takeOver lets agents change things for twelve seconds, does something to the
// owner after two, and something else after another seven.
func (h *theatre) takeOver(lose, back func()) tally {
	h.b.Helper()
	h.order(order{Do: "tally"})
	h.order(order{Do: "live", Rate: 100, Seconds: 2})
	lose()
	h.order(order{Do: "mark"})
	h.order(order{Do: "live", Rate: 100, Seconds: 7})
	back()
	h.order(order{Do: "live", Rate: 100, Seconds: 3})
	h.settle()
	return h.order(order{Do: "tally"}).Tally
}

// BenchmarkReplicas counts the deliveries of events with three processes that
// share the work: they are those of one.
func BenchmarkReplicas(b *testing.B) {
	address := postgres(b)
	h := newTheatre(b, build(b), settings{agents: 1_000, poll: "1s", store: address})
	h.awake(h.start())
	for range 2 {
		h.start()
	}
	h.live(50, 5, "")
	for b.Loop() {
		t := h.live(50, 10, "")
		counts(b, &t)
	}
}

// BenchmarkRestart starts run on a journal of a million lines, and waits for its
// first poll. The start of a run without any is beside it.
func BenchmarkRestart(b *testing.B) {
	const records = 1_000_000
	h := newTheatre(b, build(b), settings{agents: 2_000, poll: "1s"})
	first := h.start()
	h.awake(first)
	h.live(200, 5, "")
	first.end()
	begin := func() float64 {
		h.order(order{Do: "tally"})
		h.order(order{Do: "mark"})
		m := h.start()
		h.until(m, func(t *tally) bool { return t.Polls > 0 })
		took := h.order(order{Do: "look"}).Tally.FirstPoll
		m.end()
		return took
	}
	short := min(begin(), begin(), begin())
	h.fillJournal(records)
	for b.Loop() {
		figure(b, "short-journal-s", short)
		bar(b, fmt.Sprintf("after-%d-records-s", records), min(begin(), begin(), begin()), 2)
	}
}
