package emulator_test

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/metadata"

	"github.com/lockstep-sync/lockstep/providers/internal/pubsub"
)

// What happens to presence, as the vendor's guide says that it is told.
func TestChangeEvents(t *testing.T) {
	const (
		login  = "CREATE current=true with 13"
		ended  = "UPDATE current=false IsCurrentState LastModifiedDate StatusDuration StatusEndDate"
		worked = "UPDATE AverageCapacity LastModifiedDate"
	)
	tests := map[string]struct {
		topic  string
		want   []string
		reason string
	}{
		"Entity":  {ownTopic, []string{login, worked, ended, login, ended}, "everything, noise included"},
		"All":     {allTopic, []string{login, worked, ended, login, ended}, "what is selected there: presence"},
		"Channel": {ownChannel, []string{login, ended, login, ended}, "the filter keeps the noise away"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBus(t)
				s := b.latest(tc.topic)
				b.set(ana, "Available_Cases")
				time.Sleep(time.Minute)
				if err := b.emulator.Org.SetWorkload(ana, 3); err != nil {
					t.Error(err)
				}
				time.Sleep(time.Minute)
				b.set(ana, "Away")
				time.Sleep(time.Minute)
				b.set(ana, "")
				if diff := cmp.Diff(tc.want, s.take(len(tc.want))); diff != "" {
					t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
				}
				if s.pending != 100-int32(len(tc.want)) {
					t.Errorf("%d still to come, of 100 asked for and %d delivered", s.pending, len(tc.want))
				}
				if got := b.emulator.Org.Deliveries(); got != len(tc.want) {
					t.Errorf("%d deliveries counted, want %d", got, len(tc.want))
				}
			})
		})
	}
}

// A stream without news says that it is alive, and how far it is; one that has
// not asked for anything hears nothing.
func TestKeepalive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBus(t)
		s := b.subscribe(&pubsub.FetchRequest{TopicName: ownTopic, NumRequested: 1})
		for range 3 {
			began := time.Now()
			if lines := s.next(); len(lines) != 0 { // which checks that the place is newer
				t.Errorf("%v, want nothing but a place", lines)
			}
			if took := time.Since(began); took > 270*time.Second {
				t.Errorf("silence for %s", took)
			}
		}
		b.set(ana, "Away", "Available_Cases", "")
		if diff := cmp.Diff([]string{"CREATE current=true with 13"}, s.next()); diff != "" {
			t.Error("one was asked for: -want +got:\n" + diff)
		}
		time.AfterFunc(time.Hour, func() { _ = s.Send(&pubsub.FetchRequest{NumRequested: 2}) })
		began := time.Now()
		if lines := s.take(2); len(lines) != 2 || time.Since(began) < time.Hour {
			t.Errorf("%v after %s, want two after an hour", lines, time.Since(began))
		}
	})
}

// Every place that was given out is a place to go on from, for 72 hours.
func TestReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBus(t)
		s := b.latest(ownTopic)
		s.next()
		quiet := s.cursor
		b.set(ana, "Away")
		s.next()
		one := s.cursor
		b.set(ana, "")
		s.next()
		two := s.cursor
		from := func(preset pubsub.ReplayPreset, id []byte) []string {
			t.Helper()
			return b.subscribe(&pubsub.FetchRequest{TopicName: ownTopic, NumRequested: 100, ReplayPreset: preset, ReplayId: id}).next()
		}
		const corrupted = "subscription.fetch.replayid.corrupted"
		if place(two)-place(one) == 1 && place(one)-place(quiet) == 1 {
			t.Error("the places are contiguous: a client could count on it")
		}
		custom, earliest := pubsub.ReplayPreset_CUSTOM, pubsub.ReplayPreset_EARLIEST
		login, logout := "CREATE current=true with 13", "UPDATE current=false IsCurrentState LastModifiedDate StatusDuration StatusEndDate"
		tests := map[string]struct {
			preset pubsub.ReplayPreset
			id     []byte
			want   []string
			reason string
		}{
			"Earliest": {earliest, nil, []string{login, logout}, "everything that is kept"},
			"Quiet":    {custom, quiet, []string{login, logout}, "a place between events counts"},
			"One":      {custom, one, []string{logout}, "after it"},
			"Two":      {custom, two, []string{}, "nothing came after it"},
			"Latest":   {pubsub.ReplayPreset_LATEST, one, []string{}, "the id is for CUSTOM only"},
			"None":     {custom, nil, []string{"subscription.fetch.replayid.validation.failed"}, "CUSTOM needs one"},
			"Short":    {custom, two[4:], []string{corrupted}, "eight bytes"},
			"MadeUp":   {custom, binary.BigEndian.AppendUint64(nil, 1), []string{corrupted}, "never given out"},
			"Future":   {custom, binary.BigEndian.AppendUint64(nil, 1<<40), []string{corrupted}, "never given out"},
		}
		for name, tc := range tests {
			if diff := cmp.Diff(tc.want, from(tc.preset, tc.id)); diff != "" {
				t.Errorf("%s: %s: -want +got:\n%s", name, tc.reason, diff)
			}
		}
		time.Sleep(72*time.Hour + time.Minute)
		b.signIn() // a session ends long before
		if diff := cmp.Diff([]string{corrupted}, from(custom, two)); diff != "" {
			t.Error("after 72 hours: -want +got:\n" + diff)
		}
	})
}

// What the bus refuses, and in which code. A stream and a call refuse alike.
func TestBusRefusals(t *testing.T) {
	fetch := func(topic string, n int32) []*pubsub.FetchRequest {
		return []*pubsub.FetchRequest{{TopicName: topic, NumRequested: n}}
	}
	tests := map[string]struct {
		key, value string // metadata to replace
		requests   []*pubsub.FetchRequest
		want       string
		reason     string
	}{
		"Token":    {"accesstoken", "00D5g00000ABCDE!nothing", fetch(ownTopic, 1), "service.auth.error", "not a session"},
		"NoToken":  {"accesstoken", "", fetch(ownTopic, 1), "service.auth.headers.invalid", "a header is missing"},
		"Host":     {"instanceurl", "acme.my.salesforce.com", fetch(ownTopic, 1), "service.auth.headers.invalid", "a URL, not a host"},
		"Instance": {"instanceurl", "https://other.my.salesforce.com", fetch(ownTopic, 1), "service.auth.headers.invalid", "another org's"},
		"Tenant":   {"tenantid", "00D5g00000ABCDF", fetch(ownTopic, 1), "service.auth.headers.invalid", "another org's"},
		"Unknown":  {"", "", fetch("/data/Nothing__chn", 1), "topic.not.found", "nobody made the channel"},
		"Typo":     {"", "", fetch("/data/Lockstep_chn", 1), "topic.not.found", "the guide's one underscore"},
		"Case":     {"", "", fetch("/data/lockstep__chn", 1), "topic.not.found", "case counts"},
		"Case2":    {"", "", fetch("/data/userServicePresenceChangeEvent", 1), "topic.not.found", "case counts"},
		"Event":    {"", "", fetch("/event/Nothing__e", 1), "topic.not.found", "no platform event"},
		"Root":     {"", "", fetch("Lockstep__chn", 1), "topic.not.found", "topics have roots"},
		"Zero":     {"", "", fetch(ownTopic, 0), "subscription.fetch.requested.invalid", "nothing asked for"},
		"Many":     {"", "", fetch(ownTopic, 101), "subscription.fetch.requested.invalid", "at most 100"},
		"Overflow": {"", "", slices.Repeat(fetch(ownTopic, 100), 31), "subscription.fetch.overflow", "asking without end"},
		"Other":    {"", "", append(fetch(ownTopic, 1), fetch(allTopic, 1)...), "subscription.fetch.topic.changed", "one topic a stream"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBus(t)
				ctx := b.ctx()
				if tc.key != "" {
					given, _ := metadata.FromOutgoingContext(ctx)
					given.Set(tc.key, tc.value)
					ctx = metadata.NewOutgoingContext(t.Context(), given)
				}
				api, err := b.api.Subscribe(ctx)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range tc.requests {
					_ = api.Send(r) // how it ended is what Recv says
				}
				s := &stream{bus: b, BidiStreamingClient: api}
				_, err = api.Recv()
				if got := s.refusal(err); got != tc.want {
					t.Errorf("%s: got %s, want %s", tc.reason, got, tc.want)
				}
				if !strings.Contains(err.Error(), "rpcId: ") {
					t.Errorf("%v names no call", err)
				}
			})
		})
	}
}

// Who may not see presence hears nothing on a channel, and no error either.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBus(t)
		allowed := b.latest(ownChannel)
		b.emulator.Org.Deny("ViewAllData")
		denied := b.latest(ownChannel)
		b.set(ana, "Away")
		if diff := cmp.Diff([]string{"CREATE current=true with 13"}, allowed.next()); diff != "" {
			t.Error("permissions are looked up every ten minutes: -want +got:\n" + diff)
		}
		if lines := denied.next(); len(lines) != 0 {
			t.Errorf("%v was shown to one who may not see it", lines)
		}
		time.Sleep(10 * time.Minute)
		b.set(ana, "")
		if lines := allowed.next(); len(lines) != 0 {
			t.Errorf("%v was shown ten minutes after the permission was gone", lines)
		}
		own := b.latest(ownTopic)
		if diff := cmp.Diff([]string{"subscription.topic.cannot.subscribe"}, own.next()); diff != "" {
			t.Error("the entity's own topic: -want +got:\n" + diff)
		}
	})
}

// The allowance of deliveries is the org's, whoever subscribes.
func TestAllowance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBus(t)
		b.emulator.Org.SetDeliveries(3)
		first, second := b.latest(ownTopic), b.latest(ownTopic)
		b.set(ana, "Away")
		got := append(first.next(), second.next()...)
		b.set(ana, "")
		synctest.Wait()
		got = append(got, first.next()...)
		got = append(got, second.next()...)
		slices.Sort(got)
		login, logout := "CREATE current=true with 13", "UPDATE current=false IsCurrentState LastModifiedDate StatusDuration StatusEndDate"
		if diff := cmp.Diff([]string{login, login, logout, "subscription.limit.exceeded"}, got); diff != "" {
			t.Error("the fourth delivery: -want +got:\n" + diff)
		}
		if diff := cmp.Diff([]string{"subscription.limit.exceeded"}, b.latest(ownTopic).next()); diff != "" {
			t.Error("nobody gets more today: -want +got:\n" + diff)
		}
	})
}
