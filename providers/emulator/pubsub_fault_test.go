package emulator_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/emulator"
	"github.com/lockstep-sync/lockstep/providers/internal/pubsub"
)

// What goes wrong on a stream, with one login and one logout to deliver.
func TestStreamFaults(t *testing.T) {
	const login, logout = "CREATE current=true with 13", "UPDATE current=false IsCurrentState LastModifiedDate StatusDuration StatusEndDate"
	fault := func(kind emulator.Kind, code string) emulator.Fault {
		return emulator.Fault{Path: ownTopic, Kind: kind, Code: code}
	}
	second := fault(emulator.StreamDrop, "")
	second.After = 1
	tests := map[string]struct {
		fault  emulator.Fault
		want   []string
		reason string
	}{
		"Drop":      {fault(emulator.StreamDrop, ""), []string{"Unavailable"}, "no code of the bus: the connection is gone"},
		"DropLater": {second, []string{login, "Unavailable"}, "what came before is delivered"},
		"Lose":      {fault(emulator.StreamLoss, ""), []string{logout}, "nobody says that something is missing"},
		"Twice":     {fault(emulator.StreamDuplicate, ""), []string{login, login, logout}, "the same event again"},
		"Reorder":   {fault(emulator.StreamReorder, ""), []string{logout, login}, "the first comes second"},
		"Gap":       {fault(emulator.StreamGap, "GAP_CREATE"), []string{"GAP_CREATE with 0", logout}, "a header alone"},
		"Overflow":  {fault(emulator.StreamGap, "GAP_OVERFLOW"), []string{"GAP_OVERFLOW with 0", logout}, "a header alone, of no record"},
		"Refuse":    {fault(emulator.BusError, "subscription.internal.error"), []string{"subscription.internal.error"}, "in the middle"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBus(t)
				if err := b.emulator.Fault(tc.fault); err != nil {
					t.Fatal(err)
				}
				s := b.latest(ownTopic)
				b.set(ana, "Away")
				synctest.Wait()
				b.set(ana, "")
				got := s.unordered(len(tc.want))
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
				}
			})
		})
	}
}

// A stream that stalls ends only when its client gives up; the next one works.
func TestStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBus(t)
		if err := b.emulator.Fault(emulator.Fault{Path: ownTopic, Kind: emulator.StreamStall}); err != nil {
			t.Fatal(err)
		}
		s := b.latest(ownTopic)
		heard := make(chan []string, 1)
		go func() { heard <- s.next() }()
		b.set(ana, "Away")
		select {
		case lines := <-heard:
			t.Errorf("%v was heard", lines)
		case <-time.After(time.Hour):
		}
		b.emulator.Org.DropStreams()
		if diff := cmp.Diff([]string{"Unavailable"}, <-heard); diff != "" {
			t.Error("-want +got:\n" + diff)
		}
		again := b.subscribe(&pubsub.FetchRequest{TopicName: ownTopic, NumRequested: 1, ReplayPreset: pubsub.ReplayPreset_EARLIEST})
		if lines := again.next(); len(lines) != 1 {
			t.Errorf("%v, want the login that was not heard", lines)
		}
	})
}

// Faults of calls meet the calls of the bus as well, in its own words.
func TestCallFaults(t *testing.T) {
	const subscribe = "/eventbus.v1.PubSub/Subscribe"
	tests := map[string]struct {
		fault  emulator.Fault
		want   string
		reason string
	}{
		"Expired":      {emulator.Fault{Path: subscribe, Kind: emulator.BusError, Code: "subscription.fetch.replayid.corrupted"}, "subscription.fetch.replayid.corrupted", "any refusal can be asked for"},
		"Repeated":     {emulator.Fault{Path: subscribe, Kind: emulator.BusError, Code: "subscription.fetch.replay.repeated"}, "subscription.fetch.replay.repeated", "which nothing else leads to"},
		"Unauthorized": {emulator.Fault{Path: subscribe, Kind: emulator.Unauthorized}, "service.auth.error", "the session is over"},
		"DailyLimit":   {emulator.Fault{Path: subscribe, Kind: emulator.DailyLimit}, "subscription.limit.exceeded", "the day's allowance"},
		"Concurrency":  {emulator.Fault{Path: subscribe, Kind: emulator.Concurrency}, "concurrent.client.limit.exceeded", "too many"},
		"Throttled":    {emulator.Fault{Path: subscribe, Kind: emulator.Throttled}, "service.protection.triggered", "too many calls"},
		"Down":         {emulator.Fault{Vendor: emulator.Salesforce, Kind: emulator.Unavailable}, "service.unavailable", "the whole vendor"},
		"Drop":         {emulator.Fault{Path: subscribe, Kind: emulator.Drop}, "Unavailable", "no code: nobody answered"},
		"Slow":         {emulator.Fault{Path: subscribe, Kind: emulator.Slow, Delay: time.Hour}, "", "late, but there"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBus(t)
				if err := b.emulator.Fault(tc.fault); err != nil {
					t.Fatal(err)
				}
				want := []string{tc.want}
				if tc.want == "" {
					want = []string{}
				}
				if diff := cmp.Diff(want, b.subscribe(&pubsub.FetchRequest{TopicName: ownTopic, NumRequested: 1}).next()); diff != "" {
					t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
				}
				if again := b.subscribe(&pubsub.FetchRequest{TopicName: ownTopic, NumRequested: 1}).next(); len(again) != 0 {
					t.Errorf("once, and then all is well: %v", again)
				}
			})
		})
	}
	e := newCaller(t, emulator.Options{}).emulator
	for _, f := range []emulator.Fault{{Kind: emulator.BusError, Code: "no.such.code"}, {Kind: emulator.StreamGap, Code: "CREATE"}} {
		if err := e.Fault(f); err == nil {
			t.Errorf("%+v was taken", f)
		}
	}
}

// What ends every stream at once, and what each client is told.
func TestStreamsEnd(t *testing.T) {
	tests := map[string]struct {
		end          func(*emulator.Emulator)
		want, resume string
		reason       string
	}{
		"Sessions": {func(e *emulator.Emulator) { e.Org.ExpireSessions() }, "service.auth.error", "", "sign in anew and go on"},
		"Dropped":  {func(e *emulator.Emulator) { e.Org.DropStreams() }, "Unavailable", "", "connect anew and go on"},
		"Switched": {func(e *emulator.Emulator) { e.Org.SwitchSite() }, "service.unavailable", "subscription.fetch.replayid.corrupted", "begin anew: no place is valid"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBus(t)
				s := b.latest(ownTopic)
				b.set(ana, "Away")
				s.next()
				tc.end(b.emulator)
				if diff := cmp.Diff([]string{tc.want}, s.next()); diff != "" {
					t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
				}
				b.signIn()
				again := b.subscribe(&pubsub.FetchRequest{TopicName: ownTopic, NumRequested: 1, ReplayPreset: pubsub.ReplayPreset_CUSTOM, ReplayId: s.cursor})
				want := []string{tc.resume}
				if tc.resume == "" {
					want = []string{}
				}
				if diff := cmp.Diff(want, again.next()); diff != "" {
					t.Error("from where it was: -want +got:\n" + diff)
				}
			})
		})
	}
}

// After a site switch nobody is logged in, and no event said so.
func TestSwitchSite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBus(t)
		b.set(ana, "Away")
		b.emulator.Org.SwitchSite()
		if got := b.emulator.Org.Presence(ana); got != "" {
			t.Errorf("she shows %s, want that she is logged out", got)
		}
		early := b.subscribe(&pubsub.FetchRequest{TopicName: ownTopic, NumRequested: 1, ReplayPreset: pubsub.ReplayPreset_EARLIEST})
		if lines := early.next(); len(lines) != 0 {
			t.Errorf("%v, want nothing", lines)
		}
	})
}

// unordered is take without a look at the places, which a fault may turn round.
func (s *stream) unordered(n int) []string {
	s.t.Helper()
	var lines []string
	for len(lines) < n {
		response, err := s.Recv()
		if err != nil {
			return append(lines, s.refusal(err))
		}
		for _, e := range response.GetEvents() {
			lines = append(lines, s.describe(e))
		}
	}
	return slices.Clip(lines)
}
