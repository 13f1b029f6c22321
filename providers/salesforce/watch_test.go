package salesforce_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/test/bufconn"

	"github.com/lockstep-sync/lockstep/providers/emulator/salesforce"
	provider "github.com/lockstep-sync/lockstep/providers/salesforce"
	"github.com/lockstep-sync/lockstep/schema"
)

const (
	ana      = "ana.lopez@acme.example"
	theTopic = "/data/UserServicePresenceChangeEvent"
)

// A feed is an emulated org whose Pub/Sub API is reached in process, and what
// a watcher of it was told.
type feed struct {
	*org
	presence  *provider.Presence
	connected provider.Options

	cancel context.CancelFunc
	done   chan error
	mu     sync.Mutex // of news, which is taken while watching goes on
	news   []schema.News
	handle func(schema.News) error
}

// newFeed starts the org; it is to be called in a bubble of synctest.
func newFeed(t *testing.T, faults salesforce.PubSubOptions, change func(*provider.Options)) *feed {
	t.Helper()
	f := &feed{org: acme(t, nil), done: make(chan error, 1)}
	listener := bufconn.Listen(1 << 16)
	server := salesforce.NewPubSub(f.handler, faults)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	options := f.options()
	options.PubSubEndpoint = "http://127.0.0.1:7443"
	options.PubSubDial = func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }
	if change != nil {
		change(&options)
	}
	f.connected = options
	f.capture()
	f.forget()
	return f
}

// capture selects presence for Change Data Capture, as the bridge does.
func (f *feed) capture() {
	f.t.Helper()
	member := map[string]any{"FullName": "ChangeEvents_UserServicePresenceChangeEvent", "Metadata": map[string]string{
		"eventChannel": "ChangeEvents", "selectedEntity": "UserServicePresenceChangeEvent",
	}}
	err := provider.Connect(f.connected).Post(f.t.Context(), "tooling/sobjects/PlatformEventChannelMember", member, nil)
	if err != nil {
		f.t.Fatal(err)
	}
}

// forget makes a presence that remembers nothing.
func (f *feed) forget() { f.presence = provider.NewPresence(provider.Connect(f.connected), nil) }

// watch begins to watch, and returns when everything is quiet.
func (f *feed) watch(cursor []byte) {
	f.t.Helper()
	ctx, cancel := context.WithCancel(f.t.Context())
	f.cancel = cancel
	go func() {
		f.done <- f.presence.Watch(ctx, cursor, func(n schema.News) error {
			f.mu.Lock()
			f.news = append(f.news, n)
			f.mu.Unlock()
			if f.handle != nil {
				return f.handle(n)
			}
			return nil
		})
	}()
	synctest.Wait()
}

// stop ends watching and returns how it ended.
func (f *feed) stop() error {
	f.cancel()
	return f.ended()
}

// ended returns how watching ended by itself.
func (f *feed) ended() error {
	f.t.Helper()
	select {
	case err := <-f.done:
		return err
	case <-time.After(time.Hour):
		f.t.Fatal("still watching")
		return nil
	}
}

// set sets what somebody shows, as they would by hand.
func (f *feed) set(user, status string) {
	f.t.Helper()
	if err := f.handler.SetPresence(user, status); err != nil {
		f.t.Fatal(err)
	}
	synctest.Wait()
}

// told returns the news since the last call, one line each: who shows what,
// doubts, gaps.
func (f *feed) told() []string {
	var lines []string
	for _, n := range f.heard() {
		for _, s := range n.Sightings {
			lines = append(lines, f.name(s.Person)+" "+s.Status)
		}
		for _, person := range n.Doubt {
			lines = append(lines, f.name(person)+"?")
		}
		if n.Gap {
			lines = append(lines, "gap")
		}
	}
	f.mu.Lock()
	f.news = nil
	f.mu.Unlock()
	return lines
}

func (f *feed) name(id string) string {
	for _, user := range f.handler.Records("User") {
		if user["Id"] == id {
			return strings.SplitN(fmt.Sprint(user["Username"]), ".", 2)[0]
		}
	}
	return id
}

func (f *feed) id(username string) string {
	for _, user := range f.handler.Records("User") {
		if user["Username"] == username {
			return fmt.Sprint(user["Id"])
		}
	}
	f.t.Fatalf("no user %s", username)
	return ""
}

// cursor is the last one told.
// heard returns the news since they were last taken.
func (f *feed) heard() []schema.News {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.news)
}

func (f *feed) cursor() []byte {
	for _, n := range slices.Backward(f.heard()) {
		if n.Cursor != nil {
			return n.Cursor
		}
	}
	f.t.Fatal("no cursor")
	return nil
}

// expect compares what was told.
func (f *feed) expect(reason string, want ...string) {
	f.t.Helper()
	if diff := cmp.Diff(want, f.told()); diff != "" {
		f.t.Errorf("%s (-want +got)\n%s", reason, diff)
	}
}

func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(t, salesforce.PubSubOptions{}, nil)
		f.watch(nil)
		f.set(ana, "Available_Cases")
		f.expect("the first news has a gap, because nobody knows from when on they are told", "ana Available_Cases", "gap")
		time.Sleep(time.Second)
		f.set(ana, "Away")
		f.expect("a change is told as the end of one and the begin of another, and is no doubt", "ana Away")
		time.Sleep(time.Second)
		f.set(ana, "")
		left := time.Now().Truncate(time.Second).UTC()
		f.expect("an end that nothing follows may be a logout", "ana?")

		news, err := f.presence.Look(t.Context(), []string{f.id(ana)})
		if err != nil {
			t.Fatal(err)
		}
		want := []schema.Sighting{{Person: f.id(ana), Status: schema.Offline, Since: left}}
		if diff := cmp.Diff(want, news.Sightings); diff != "" || news.Whole {
			t.Errorf("look (-want +got)\n%s", diff)
		}
		if err := f.stop(); !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestWatchCountsDeliveriesAndTellsTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(t, salesforce.PubSubOptions{}, nil)
		f.watch(nil)
		for _, status := range []string{"Available_Cases", "Away", "Available_Cases"} {
			f.set(ana, status)
		}
		deliveries := 0
		for _, n := range f.heard() {
			deliveries += n.Deliveries
			if n.Clock.Uncertainty < time.Second/2 {
				t.Errorf("a clock that is less often wrong than its times are cut down: %v", n.Clock)
			}
		}
		if deliveries != 5 {
			t.Errorf("%d deliveries, want a login's one and two for each change", deliveries)
		}
		_ = f.stop()
	})
}

func TestWatchGoesOnFromTheCursor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(t, salesforce.PubSubOptions{}, nil)
		f.watch(nil)
		f.set(ana, "Available_Cases")
		cursor := f.cursor()
		_ = f.stop()
		f.told()
		f.set(ana, "Away")
		f.watch(cursor)
		f.expect("what happened meanwhile is told", "ana Away", "gap")
		_ = f.stop()

		f.forget()
		f.set(ana, "")
		f.watch(cursor)
		f.expect("one that remembers nothing asks whose interval has ended", "ana Away", "ana?", "gap")
		_ = f.stop()
	})
}

func TestWatchKeepsTheCursorWhileNothingHappens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(t, salesforce.PubSubOptions{}, nil)
		f.watch(nil)
		f.set(ana, "Away")
		before := f.cursor()
		f.told()
		// Somebody else's change, which this topic does not carry.
		time.Sleep(280 * time.Second)
		synctest.Wait()
		if len(f.heard()) != 1 || f.heard()[0].Cursor == nil || len(f.heard()[0].Sightings) > 0 || f.heard()[0].Gap {
			t.Fatalf("news while nothing happens: %+v", f.heard())
		}
		if string(before) == "" {
			t.Error("no cursor")
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		select {
		case err := <-f.done:
			t.Errorf("ended with %v although the vendor was alive", err)
		default:
		}
		_ = f.stop()
	})
}

func TestWatchNoticesSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(t, salesforce.PubSubOptions{
			OnDelivery: func(string, bool) salesforce.Meddling { return salesforce.Meddling{Stall: true} },
		}, nil)
		f.watch(nil)
		start := time.Now()
		err := f.ended()
		if err == nil || !strings.Contains(err.Error(), "said nothing") || isKnown(err) {
			t.Errorf("ended with %v", err)
		}
		if took := time.Since(start); took <= 270*time.Second || took > 6*time.Minute {
			t.Errorf("noticed after %v", took)
		}
	})
}

func TestWatchAsksNoMoreWhileHandling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		delivered := 0
		f := newFeed(t, salesforce.PubSubOptions{
			OnDelivery: func(string, bool) salesforce.Meddling { delivered++; return salesforce.Meddling{} },
		}, nil)
		release := make(chan struct{})
		handled := 0
		f.handle = func(n schema.News) error { <-release; handled += n.Deliveries; return nil }
		f.watch(nil)
		const changes = 400
		for i := range changes {
			f.set(ana, []string{"Away", "Available_Cases"}[i%2])
		}
		if delivered > 101 { // the 101st was looked at and held back
			t.Errorf("%d events were asked for at once", delivered)
		}
		close(release)
		synctest.Wait()
		if handled != 2*changes-1 {
			t.Errorf("%d events handled, want %d", handled, 2*changes-1)
		}
		if len(f.heard()) > 30 {
			t.Errorf("%d readings: what comes while one is handled belongs into one", len(f.heard()))
		}
		_ = f.stop()
	})
}

func TestWatchEndsWithItsHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(t, salesforce.PubSubOptions{}, nil)
		full := errors.New("the store is full")
		f.handle = func(schema.News) error { return full }
		f.watch(nil)
		f.set(ana, "Away")
		if err := f.ended(); !errors.Is(err, full) {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestWatchMeetsFaults(t *testing.T) {
	tests := []struct {
		reason string
		fault  salesforce.Meddling // of the second event
		then   []string            // statuses set after Available_Cases
		want   []string
	}{
		{"a change told twice is one", salesforce.Meddling{Duplicate: true}, []string{"Away"}, []string{"ana Away"}},
		{"an end told after what followed it is no logout", salesforce.Meddling{Reorder: true}, []string{"Away"}, []string{"ana Away"}},
		{"a header alone says whose presence is to be read", salesforce.Meddling{Gap: "GAP_UPDATE"}, []string{""}, []string{"ana?"}},
		{"an overflow can be anybody's", salesforce.Meddling{Gap: "GAP_OVERFLOW"}, []string{""}, []string{"gap"}},
	}
	for _, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			n := 0
			f := newFeed(t, salesforce.PubSubOptions{OnDelivery: func(_ string, idle bool) salesforce.Meddling {
				if idle {
					return salesforce.Meddling{}
				}
				if n++; n == 2 {
					return test.fault
				}
				return salesforce.Meddling{}
			}}, nil)
			f.watch(nil)
			f.set(ana, "Available_Cases")
			f.told()
			for _, status := range test.then {
				time.Sleep(time.Second)
				f.set(ana, status)
			}
			f.expect(test.reason, test.want...)
			_ = f.stop()
		})
	}
}

func isKnown(err error) bool {
	return errors.Is(err, schema.ErrCursor) || errors.Is(err, schema.ErrAllowance) || errors.Is(err, schema.ErrSetup)
}

// Every code of the vendor's table, and what it means to run.
func TestWatchErrors(t *testing.T) {
	tests := []struct {
		code  string
		want  error // nil: try again
		words string
	}{
		{"subscription.fetch.replayid.corrupted", schema.ErrCursor, ""},
		{"subscription.fetch.replayid.validation.failed", schema.ErrCursor, ""},
		{"subscription.fetch.replay.repeated", nil, ""},
		{"subscription.fetch.overflow", nil, ""},
		{"subscription.limit.exceeded", schema.ErrAllowance, ""},
		{"service.auth.headers.invalid", schema.ErrSetup, "instance_url"},
		{"topic.not.found", schema.ErrSetup, "presence_bridge"},
		{"subscription.topic.cannot.subscribe", schema.ErrSetup, "View All"},
		{"service.tenant.license", schema.ErrSetup, "licence"},
		{"service.unavailable", nil, ""},
		{"topic.api.unavailable", nil, ""},
		{"schema.api.unavailable", nil, ""},
		{"subscription.internal.error", nil, ""},
		{"service.protection.triggered", nil, ""},
		{"service.protection.stream.limit.triggered", nil, ""},
		{"concurrent.client.limit.exceeded", nil, ""},
	}
	for _, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			f := newFeed(t, salesforce.PubSubOptions{OnCall: func(_ context.Context, method, _ string) error {
				if strings.HasSuffix(method, "Subscribe") {
					return salesforce.RefuseBus(test.code)
				}
				return nil
			}}, nil)
			f.watch(nil)
			err := f.ended()
			if test.want != nil && !errors.Is(err, test.want) || test.want == nil && isKnown(err) {
				t.Errorf("%s: %v", test.code, err)
			}
			for _, word := range []string{test.code, test.words, theTopic} {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%s: %q does not say %q", test.code, err, word)
				}
			}
		})
	}
}

func TestWatchRenewsTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refuse := false
		f := newFeed(t, salesforce.PubSubOptions{OnDelivery: func(string, bool) salesforce.Meddling {
			if refuse {
				refuse = false
				return salesforce.Meddling{Refuse: salesforce.RefuseBus("service.auth.error")}
			}
			return salesforce.Meddling{}
		}}, nil)
		f.watch(nil)
		f.set(ana, "Available_Cases")
		signIns := f.count("/oauth2/token")
		f.told()
		refuse = true
		f.set(ana, "Away")
		f.expect("it goes on after the last that was handled", "ana Away", "gap")
		if got := f.count("/oauth2/token") - signIns; got != 1 {
			t.Errorf("signed in %d times", got)
		}
		_ = f.stop()
	})
}

func TestWatchGivesUpASessionThatNeverHelps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		refused := salesforce.PubSubOptions{OnCall: func(context.Context, string, string) error {
			tries++
			return salesforce.RefuseBus("service.auth.error")
		}}
		f := newFeed(t, refused, nil)
		f.watch(nil)
		if err := f.ended(); err == nil || isKnown(err) || tries != 2 {
			t.Errorf("after %d tries: %v", tries, err)
		}
	})
}

func TestWatchRefusesForeignCursors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(t, salesforce.PubSubOptions{}, nil)
		for reason, cursor := range map[string]string{
			"of another channel": "/data/Other__chn\n12345678", "of nothing": "", "cut short": theTopic + "\n",
			"expired": theTopic + "\n\xff\xff\xff\xff\xff\xff\xff\xff", "of another form": theTopic + "\nx",
		} {
			err := f.presence.Watch(t.Context(), []byte(cursor), func(schema.News) error { return nil })
			if !errors.Is(err, schema.ErrCursor) {
				t.Errorf("a cursor %s: %v", reason, err)
			}
		}
	})
}

func TestWatchSpendsTheAllowance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(t, salesforce.PubSubOptions{}, nil)
		f.handler.SetDeliveries(2)
		f.watch(nil)
		f.set(ana, "Available_Cases")
		f.set(ana, "Away")
		if err := f.ended(); !errors.Is(err, schema.ErrAllowance) {
			t.Errorf("ended with %v", err)
		}
		limits, err := f.presence.Limits(t.Context())
		if err != nil || limits.Deliveries != 2 || limits.DeliveriesLeft != 0 || limits.Calls == 0 || limits.CallsLeft >= limits.Calls || limits.Clients == 0 {
			t.Errorf("limits %+v, %v", limits, err)
		}
	})
}

// A field that is added makes a new schema; what it is, is asked once.
func TestWatchAsksForNewSchemas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		f := newFeed(t, salesforce.PubSubOptions{OnCall: func(_ context.Context, method, _ string) error {
			if strings.HasSuffix(method, "GetSchema") {
				asked++
			}
			return nil
		}}, nil)
		f.watch(nil)
		f.set(ana, "Available_Cases")
		if err := f.handler.AddField("UserServicePresence", "Aardvark__c"); err != nil {
			t.Fatal(err)
		}
		f.told()
		time.Sleep(time.Second)
		f.set(ana, "Away")
		time.Sleep(time.Second)
		f.set(ana, "")
		f.expect("events are read by the schema that they were written by", "ana Away", "ana?")
		if asked != 2 {
			t.Errorf("asked for %d schemas", asked)
		}
		_ = f.stop()
	})
}

// A schema that does not come ends the subscription: while it is waited for no
// event is read, and the stream that is alive would hide it.
func TestWatchDoesNotWaitForASchemaForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(t, salesforce.PubSubOptions{OnCall: func(ctx context.Context, method, _ string) error {
			if strings.HasSuffix(method, "GetSchema") {
				<-ctx.Done()
			}
			return ctx.Err()
		}}, nil)
		f.watch(nil)
		f.set(ana, "Away")
		began := time.Now()
		if err := f.ended(); err == nil || time.Since(began) > 30*time.Second {
			t.Errorf("after %s ended with %v", time.Since(began), err)
		}
	})
}

// The bus takes a subscription to changes that nobody captures, and is silent.
func TestWatchNeedsWhatIsCaptured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(t, salesforce.PubSubOptions{}, nil)
		if err := f.handler.Delete("PlatformEventChannelMember", "SelectedEntity", "UserServicePresenceChangeEvent"); err != nil {
			t.Fatal(err)
		}
		f.watch(nil)
		if err := f.ended(); !errors.Is(err, schema.ErrSetup) || !strings.Contains(err.Error(), "declare a presence_bridge") {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestNoTokenInTheClear(t *testing.T) {
	for _, test := range []struct{ reason, endpoint, instance, want string }{
		{"plain off loopback", "http://api.pubsub.salesforce.com:7443", "https://acme.my.salesforce.com", "in the clear"},
		{"nonsense", "ftp://x", "https://acme.my.salesforce.com", "is not of the form"},
		{"a path", "https://x/y", "https://acme.my.salesforce.com", "is not of the form"},
		{"the emulator's token is not for the vendor", "", "http://127.0.0.1:1", "is missing"},
		{"with a port", "api.pubsub.salesforce.com:443", "https://acme.my.salesforce.com", ""},
		{"without", "https://api.pubsub.salesforce.com", "https://acme.my.salesforce.com", ""},
	} {
		o := provider.Options{InstanceURL: test.instance, PubSubEndpoint: test.endpoint, AccessToken: schema.NewSecret("00D5g00000ABCDE!x", "test")}
		err := o.Check()
		if err == nil && test.want != "" {
			o.HTTP = noVendor{}
			err = provider.NewPresence(provider.Connect(o), nil).Watch(t.Context(), nil, nil)
		}
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.reason, err)
		}
	}
}

// noVendor fails a test that calls it.
type noVendor struct{}

func (noVendor) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("nobody was to be called")
}
