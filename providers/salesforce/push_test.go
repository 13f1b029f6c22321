package salesforce_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lockstep-sync/lockstep/providers/emulator/salesforce"
	provider "github.com/lockstep-sync/lockstep/providers/salesforce"
	"github.com/lockstep-sync/lockstep/schema"
)

const stream = "/u/LockstepPresence"

// bridged gives the feed's org a streaming channel.
func (f *feed) bridged() *feed {
	f.t.Helper()
	conn := provider.Connect(f.connected)
	if err := conn.Post(f.t.Context(), "sobjects/StreamingChannel", map[string]string{"Name": stream}, nil); err != nil {
		f.t.Fatal(err)
	}
	f.presence = provider.NewPresence(conn, &provider.Bridge{Stream: stream, Events: "LockstepPresence__chn"})
	return f
}

// listen opens a console that listens, and returns what it is told.
func (f *feed) listen(user string) *[]string {
	f.t.Helper()
	payloads := new([]string)
	stop, err := f.handler.Listen(user, stream, func(m salesforce.Message) { *payloads = append(*payloads, m.Payload) })
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(stop)
	return payloads
}

func (f *feed) push(user, status string) schema.Push {
	return schema.Push{
		Person: f.id(user), ID: "c1", Epoch: 7, Expires: time.Now().Add(time.Minute), Status: status, Expected: "Away",
	}
}

func (f *feed) statusID(name string) string {
	for _, status := range f.handler.Records("ServicePresenceStatus") {
		if status["DeveloperName"] == name {
			return fmt.Sprint(status["Id"])
		}
	}
	f.t.Fatalf("no status %s", name)
	return ""
}

func TestPush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(t, salesforce.PubSubOptions{}, nil).bridged()
		told := f.listen(ana)
		got := f.presence.Push(t.Context(), []schema.Push{
			f.push(ana, "Available_Cases"), f.push(ben, "Away"), f.push(ana, "Nonsense"), f.push(ana, schema.Offline),
		})
		want := []schema.Receipt{{Result: schema.Accepted}, {Result: schema.Unreachable}, {Result: schema.Refused}, {Result: schema.Accepted}}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(schema.Receipt{}, "Detail")); diff != "" {
			t.Errorf("receipts (-want +got)\n%s", diff)
		}
		if len(*told) != 2 {
			t.Fatalf("the console was told %q", *told)
		}
		var command map[string]any
		if err := json.Unmarshal([]byte((*told)[0]), &command); err != nil {
			t.Fatal(err)
		}
		expires := float64(time.Now().Add(time.Minute).UnixMilli())
		if diff := cmp.Diff(map[string]any{
			"v": 1.0, "id": "c1", "user": f.id(ana), "epoch": 7.0, "expires": expires,
			"expect": f.statusID("Away"), "set": f.statusID("Available_Cases"),
		}, command); diff != "" {
			t.Errorf("a command as bridge/Helper.js reads it (-want +got)\n%s", diff)
		}
		if !strings.Contains((*told)[1], `"set":"offline"`) {
			t.Errorf("a logout: %s", (*told)[1])
		}
		if n := f.count("/push"); n != 1 {
			t.Errorf("%d calls", n)
		}
		online, err := f.presence.Online(t.Context())
		if diff := cmp.Diff([]string{f.id(ana)}, online); diff != "" || err != nil {
			t.Errorf("online (-want +got)\n%s%v", diff, err)
		}
	})
}

// Many commands take few calls; and one that the vendor does not take does not
// take the others with it.
func TestPushInBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(t, salesforce.PubSubOptions{}, nil).bridged()
		told := f.listen(ana)
		pushes := make([]schema.Push, 450)
		for i := range pushes {
			pushes[i] = f.push(ana, "Away")
		}
		for i, r := range f.presence.Push(t.Context(), pushes) {
			if r.Result != schema.Accepted {
				t.Fatalf("push %d: %+v", i, r)
			}
		}
		if n := f.count("/push"); n != 3 || len(*told) != 450 {
			t.Errorf("%d calls brought %d commands", n, len(*told))
		}
	})
}

func TestPushReceipts(t *testing.T) {
	answer := func(status int, body string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/push") {
				return false
			}
			if status == 0 {
				panic(http.ErrAbortHandler)
			}
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
			return true
		}
	}
	tests := []struct {
		reason string
		fault  func(http.ResponseWriter, *http.Request) bool
		want   schema.Reception
		after  time.Duration
	}{
		{"the answer is lost: it may have been carried out", answer(0, ""), schema.Unanswered, 0},
		{"the vendor cannot now", answer(503, ""), schema.Unanswered, 0},
		{"the vendor broke", answer(500, `[{"errorCode":"UNKNOWN_EXCEPTION","message":"x"}]`), schema.Unanswered, 0},
		{"the day's calls are spent", answer(403, `[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"TotalRequests Limit exceeded."}]`), schema.Unanswered, time.Minute},
		{"no permission", answer(403, `[{"errorCode":"INSUFFICIENT_ACCESS","message":"x"}]`), schema.Refused, 0},
		{"not understood", answer(400, `[{"errorCode":"INVALID_INPUT","message":"x"}]`), schema.Refused, 0},
		{"an answer to something else", answer(200, `[]`), schema.Unanswered, 0},
		{"an answer that is none", answer(200, `<html>`), schema.Unanswered, 0},
	}
	for _, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			f := newFeed(t, salesforce.PubSubOptions{}, nil).bridged()
			f.listen(ana)
			f.fault = test.fault
			got := f.presence.Push(t.Context(), []schema.Push{f.push(ana, "Away")})[0]
			if got.Result != test.want || got.RetryAfter != test.after || got.Detail == "" {
				t.Errorf("%s: %+v", test.reason, got)
			}
			if n := f.count("/push"); n != 1 {
				t.Errorf("%s: sent %d times", test.reason, n)
			}
		})
	}
}

// One command that makes the vendor refuse the call is found, and the others go out.
func TestPushFindsThePoison(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(t, salesforce.PubSubOptions{}, nil).bridged()
		f.listen(ana)
		pushes := make([]schema.Push, 8)
		for i := range pushes {
			pushes[i] = f.push(ana, "Away")
		}
		pushes[5].ID = "poison"
		pushes[6].ID = strings.Repeat("x", 3000) // not even sent
		f.fault = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/push") {
				return false
			}
			body, err := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			if err != nil || !bytes.Contains(body, []byte("poison")) {
				return false
			}
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`[{"errorCode":"INVALID_INPUT","message":"x"}]`))
			return true
		}
		for i, r := range f.presence.Push(t.Context(), pushes) {
			want := schema.Accepted
			if i == 5 || i == 6 {
				want = schema.Refused
			}
			if r.Result != want {
				t.Errorf("push %d: %+v", i, r)
			}
		}
	})
}

// A refusal that is for all is not looked for in each.
func TestPushAllRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(t, salesforce.PubSubOptions{}, nil).bridged()
		f.fault = func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, "/push") {
				return false
			}
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`[{"errorCode":"INVALID_INPUT","message":"x"}]`))
			return true
		}
		pushes := make([]schema.Push, 200)
		for i := range pushes {
			pushes[i] = f.push(ana, "Away")
		}
		f.presence.Push(t.Context(), pushes[:1]) // finds the channel and the statuses
		before := f.presence.Calls().Billed()
		for i, r := range f.presence.Push(t.Context(), pushes) {
			if r.Result != schema.Refused {
				t.Fatalf("push %d: %+v", i, r)
			}
		}
		if n := f.presence.Calls().Billed() - before; n != 1+2+4 {
			t.Errorf("%d calls for 200 commands, want the whole, its halves and theirs", n)
		}
	})
}

func TestPushWithoutAChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(t, salesforce.PubSubOptions{}, nil)
		if f.presence.Bridged() {
			t.Error("a bridge that nobody declared")
		}
		if got := f.presence.Push(t.Context(), []schema.Push{f.push(ana, "Away")})[0]; got.Result != schema.Refused {
			t.Errorf("without a bridge: %+v", got)
		}
		if online, err := f.presence.Online(t.Context()); online != nil || err != nil {
			t.Errorf("online without a bridge: %v, %v", online, err)
		}
		f.bridged()
		f.listen(ana)
		late := f.push(ana, "Away")
		late.Expires = time.Now()
		if got := f.presence.Push(t.Context(), []schema.Push{late})[0]; got.Result != schema.Unanswered || f.count("/push") != 0 {
			t.Errorf("expired: %+v", got)
		}
		if got := f.presence.Push(t.Context(), []schema.Push{f.push(ana, "Away")})[0]; got.Result != schema.Accepted {
			t.Errorf("with a channel: %+v", got)
		}
		if err := f.handler.Delete("StreamingChannel", "Name", stream); err != nil {
			t.Fatal(err)
		}
		got := f.presence.Push(t.Context(), []schema.Push{f.push(ana, "Away")})[0]
		if got.Result != schema.Refused || !strings.Contains(got.Detail, "presence_bridge") {
			t.Errorf("a channel that is gone: %+v", got)
		}
	})
}
