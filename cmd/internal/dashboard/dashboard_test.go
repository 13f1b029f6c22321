package dashboard

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/reconcile/history"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/schema"
)

const token = "canary-a-long-enough-token"

func guarded(t *testing.T) *Dashboard {
	t.Helper()
	d, err := New(Options{Source: newCentre(3), Token: schema.NewSecret(token, "test")})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func get(d http.Handler, target string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

func TestWhoGetsIn(t *testing.T) {
	open, shut := quiet(t, newCentre(3)), guarded(t)
	bearer := func(v string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", v) }
	}
	cookie := func(v string) func(*http.Request) {
		return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: cookieName, Value: v}) }
	}
	request := httptest.NewRequest(http.MethodGet, "http://lockstep.internal/", nil)
	session := shut.gate.cookie(request, time.Now()).Value
	old := shut.gate.cookie(request, time.Now().Add(-sessionLife-time.Minute)).Value
	for _, c := range []struct {
		reason string
		d      *Dashboard
		target string
		change []func(*http.Request)
		want   int
	}{
		{"loopback without a token", open, "http://127.0.0.1:9099/", nil, 200},
		{"by name", open, "http://localhost:9099/", nil, 200},
		{"by its IPv6 address", open, "http://[::1]:9099/api/v1/snapshot", nil, 200},
		{"a name of somebody's that points at loopback is DNS rebinding", open, "http://evil.example:9099/api/v1/snapshot", nil, 403},
		{"nor does a name that begins like one of ours help", open, "http://127.0.0.1.evil.example/", nil, 403},
		{"health is behind the same check", open, "http://evil.example/healthz", nil, 403},
		{"the page leads to the way in", shut, "http://lockstep.internal/", nil, 303},
		{"data does not", shut, "http://lockstep.internal/api/v1/snapshot", nil, 401},
		{"nor do scripts", shut, "http://lockstep.internal/app.js", nil, 401},
		{"nor metrics", shut, "http://lockstep.internal/metrics", nil, 401},
		{"nor timelines", shut, "http://lockstep.internal/api/v1/agents/agent-00001/timeline", nil, 401},
		{"nor the stream", shut, "http://lockstep.internal/api/v1/events", nil, 401},
		{"probes need no token: they learn nothing", shut, "http://lockstep.internal/healthz", nil, 200},
		{"and neither does readiness", shut, "http://lockstep.internal/readyz", nil, 200},
		{"the token as a header", shut, "http://lockstep.internal/metrics", []func(*http.Request){bearer("Bearer " + token)}, 200},
		{"another token", shut, "http://lockstep.internal/metrics", []func(*http.Request){bearer("Bearer " + token + "x")}, 401},
		{"a part of it", shut, "http://lockstep.internal/metrics", []func(*http.Request){bearer("Bearer " + token[:5])}, 401},
		{"an empty one", shut, "http://lockstep.internal/metrics", []func(*http.Request){bearer("Bearer ")}, 401},
		{"a session", shut, "http://lockstep.internal/metrics", []func(*http.Request){cookie(session)}, 200},
		{"a session that has ended", shut, "http://lockstep.internal/metrics", []func(*http.Request){cookie(old)}, 401},
		{"a session that was made longer", shut, "http://lockstep.internal/metrics", []func(*http.Request){cookie("9" + session)}, 401},
		{"the token is no session", shut, "http://lockstep.internal/metrics", []func(*http.Request){cookie(token)}, 401},
		{"what is not there", open, "http://localhost/page/index.html", nil, 404},
	} {
		w := get(c.d, c.target, c.change...)
		if w.Code != c.want {
			t.Errorf("%s: %s: %d, not %d", c.reason, c.target, w.Code, c.want)
		}
		for name, want := range map[string]string{
			"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q", c.reason, name, got)
			}
		}
		if strings.Contains(w.Body.String()+w.Header().Get("Location"), "canary") {
			t.Errorf("%s: the token is in the answer", c.reason)
		}
	}
	if strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("a policy that allows too much: %s", policy)
	}
}

func TestSigningIn(t *testing.T) {
	d := guarded(t)
	post := func(given string, change ...func(*http.Request)) *http.Response {
		r := httptest.NewRequest(http.MethodPost, "https://lockstep.internal/login", strings.NewReader(url.Values{"token": {given}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for _, c := range change {
			c(r)
		}
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		return w.Result()
	}
	in := post(token)
	if in.StatusCode != http.StatusSeeOther || len(in.Cookies()) != 1 {
		t.Fatalf("%d with %d cookies", in.StatusCode, len(in.Cookies()))
	}
	c := in.Cookies()[0]
	if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode || strings.Contains(c.Value, token) {
		t.Errorf("the session's cookie: %+v", c)
	}
	if elsewhere := post(token, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }); elsewhere.StatusCode != http.StatusForbidden {
		t.Errorf("a form of another site signs in: %d", elsewhere.StatusCode)
	}
}

// TestGuessing: whoever guesses gets nowhere, by the form or by a header, and
// locks nobody out elsewhere.
func TestGuessing(t *testing.T) {
	const guesser, colleague = "198.51.100.7:40000", "203.0.113.9:40000"
	form := func(d *Dashboard, from, given string) int {
		r := httptest.NewRequest(http.MethodPost, "https://lockstep.internal/login", strings.NewReader(url.Values{"token": {given}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.RemoteAddr = from
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		return w.Code
	}
	header := func(d *Dashboard, from, given string) int {
		return get(d, "https://lockstep.internal/metrics", func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer "+given)
			r.RemoteAddr = from
		}).Code
	}
	for way, test := range map[string]struct {
		give       func(d *Dashboard, from, given string) int
		wrong, fit int
	}{
		"the form": {form, http.StatusSeeOther, http.StatusSeeOther},
		"a header": {header, http.StatusUnauthorized, http.StatusOK},
	} {
		t.Run(way, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := guarded(t)
				for i := range guessMost {
					if got := test.give(d, guesser, "wrong"); got != test.wrong {
						t.Fatalf("guess %d: %d, not %d", i, got, test.wrong)
					}
				}
				for _, next := range []string{"wrong", token} {
					if got := form(d, guesser, next); got != http.StatusTooManyRequests {
						t.Errorf("the form goes on with guesses: %d", got)
					}
					if got := header(d, guesser, next); got != http.StatusTooManyRequests {
						t.Errorf("a header goes on with guesses: %d", got)
					}
				}
				for range 3 * guessMost {
					if got := test.give(d, colleague, token); got != test.fit {
						t.Fatalf("somebody else with the token: %d, not %d", got, test.fit)
					}
				}
				time.Sleep(2 * guessEvery)
				if got := test.give(d, guesser, token); got != test.fit {
					t.Errorf("after a while the token opens with %d, not %d", got, test.fit)
				}
			})
		})
	}
}

func TestHostsThatGuess(t *testing.T) {
	for remote, want := range map[string]string{
		"203.0.113.9:4000":          "203.0.113.9",
		"[::ffff:203.0.113.9]:4000": "203.0.113.9",
		"[2001:db8:1:2:3:4:5:6]:80": "2001:db8:1:2::/64", // all of a network's addresses are one host's to use
		"[fe80::1%eth0]:80":         "fe80::/64",
		"@":                         "@", // a pipe
	} {
		if got := hostOf(remote); got != want {
			t.Errorf("%s is %s, not %s", remote, got, want)
		}
	}
	g, now := &newGate(schema.NewSecret(token, "test")).guesses, time.Now()
	for i := range 2 * hostsMost {
		g.allow(fmt.Sprint(i), false, now)
	}
	if len(g.of) != hostsMost {
		t.Errorf("%d hosts are remembered", len(g.of))
	}
	if g.allow("one more", false, now) {
		t.Error("hosts beyond those that are remembered guess without a bound")
	}
	if later := now.Add(time.Minute); !g.allow("one more", false, later) || len(g.of) != 1 {
		t.Errorf("after a minute %d hosts are remembered", len(g.of))
	}
}

func TestOffLoopbackNeedsAToken(t *testing.T) {
	d := quiet(t, newCentre(1))
	err := d.Serve(t.Context(), listener{&net.TCPAddr{IP: net.IPv4(10, 1, 2, 3), Port: 9099}})
	if err == nil || !strings.Contains(err.Error(), "give it a token") {
		t.Errorf("served to everybody: %v", err)
	}
	if _, err := New(Options{Source: newCentre(1), Token: schema.NewSecret("short", "test")}); err == nil || strings.Contains(err.Error(), "short\"") {
		t.Errorf("a token that can be guessed: %v", err)
	}
}

type listener struct{ addr net.Addr }

func (l listener) Addr() net.Addr            { return l.addr }
func (l listener) Close() error              { return nil }
func (l listener) Accept() (net.Conn, error) { return nil, errors.New("nobody comes") }

func TestServeEndsWithItsContext(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	d := quiet(t, newCentre(1))
	go func() { ended <- d.Serve(ctx, l) }()
	stream, err := http.Get("http://" + l.Addr().String() + "/api/v1/events?since=nothing")
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(stream.Body)
	if string(text) != reload {
		t.Errorf("a client that is behind is told %q", text)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestSnapshotIsCompressedAndHoldsNoMoreThanWhatIsSeen(t *testing.T) {
	d := quiet(t, newCentre(2000))
	w := get(d, "http://localhost/api/v1/snapshot", func(r *http.Request) { r.Header.Set("Accept-Encoding", "gzip") })
	size := w.Body.Len()
	z, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	var doc document
	if err := json.NewDecoder(z).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Now.Agents) != 2000 || size > 2000*100 {
		t.Errorf("%d agents in %d bytes", len(doc.Now.Agents), size)
	}
}

// TestChangesReachThoseWhoWatch follows one client over a few changes, and one
// that comes back after a while.
func TestChangesReachThoseWhoWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCentre(3)
		d := quiet(t, c)
		_, id := d.hub.current(t.Context(), time.Now())
		watcher, missed, ok := d.hub.join(id)
		if !ok || len(missed) != 0 {
			t.Fatal("a client that has everything is not let in")
		}
		c.change(func(s *mirror.Snapshot) { s.Agents[1].Parked = "it flaps" })
		d.hub.tick(t.Context(), time.Now())
		got := read(t, <-watcher.frames)
		if len(got.Agents) != 1 || got.Agents[0].Parked != "it flaps" || got.Head.Agents != nil {
			t.Errorf("the change is not what is sent: %+v", got.Agents)
		}
		c.change(func(s *mirror.Snapshot) { s.Agents = s.Agents[:2] })
		d.hub.tick(t.Context(), time.Now())
		if got = read(t, <-watcher.frames); !cmp.Equal(got.Gone, []string{"agent-00002"}) {
			t.Errorf("who has gone is not told: %v", got.Gone)
		}
		_, missed, ok = d.hub.join(id)
		if !ok || len(missed) != 2 {
			t.Errorf("a client that comes back is given %d of 2 changes", len(missed))
		}
		for _, strange := range []string{"", "x", d.hub.run + "-99", "other-1"} {
			if _, _, ok := d.hub.join(strange); ok {
				t.Errorf("a client that knows of %q is let in", strange)
			}
		}
	})
}

// TestUnmatchedAreSentWhenTheyChange: ten thousand of them are a megabyte.
func TestUnmatchedAreSentWhenTheyChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCentre(3)
		d := quiet(t, c)
		_, id := d.hub.current(t.Context(), time.Now())
		watcher, _, _ := d.hub.join(id)
		told := func(do func(s *mirror.Snapshot)) string {
			c.change(do)
			d.hub.tick(t.Context(), time.Now())
			frame := string(<-watcher.frames)
			const name = `"unmatched":`
			list := frame[strings.LastIndex(frame, name)+len(name):] // before it totals have one
			return list[:min(len(list), 4)]
		}
		if got := told(func(s *mirror.Snapshot) { s.Totals.Changes++ }); got != "null" {
			t.Errorf("the same list is sent again: %s", got)
		}
		if got := told(func(s *mirror.Snapshot) { s.Strange = s.Strange[:1:1] }); got == "null" {
			t.Error("a new list is not sent")
		}
		if got := told(func(s *mirror.Snapshot) { s.Totals.Changes++ }); got != "null" {
			t.Errorf("the new list is sent again: %s", got)
		}
		if now, _ := d.hub.current(t.Context(), time.Now()); len(now.Strange) != 1 {
			t.Errorf("who comes anew is told %d of 1", len(now.Strange))
		}
		if got := told(func(s *mirror.Snapshot) { s.Strange = []mirror.Strange{} }); !strings.HasPrefix(got, "[]") {
			t.Errorf("an empty list is told as %s", got)
		}
	})
}

// TestWhatIsHeldIsBounded is a large centre in which everybody moves at once.
func TestWhatIsHeldIsBounded(t *testing.T) {
	c := newCentre(5000)
	d := quiet(t, c)
	_, first := d.hub.current(t.Context(), time.Now())
	for i := range 8 {
		c.change(func(s *mirror.Snapshot) {
			for k := range s.Agents {
				s.Agents[k].Parked = strings.Repeat("x", 300+i)
			}
		})
		d.hub.mu.Lock()
		d.hub.look(t.Context(), time.Now())
		d.hub.mu.Unlock()
	}
	if d.hub.held > keptBytes || len(d.hub.deltas) == 0 {
		t.Errorf("%d bytes are held in %d deltas", d.hub.held, len(d.hub.deltas))
	}
	if _, _, ok := d.hub.join(first); ok {
		t.Error("a client whose deltas are gone is let in")
	}
}

func read(t *testing.T, frame []byte) delta {
	t.Helper()
	for line := range strings.SplitSeq(string(frame), "\n") {
		if text, ok := strings.CutPrefix(line, "data: "); ok {
			var d delta
			if err := json.Unmarshal([]byte(text), &d); err != nil {
				t.Fatal(err)
			}
			return d
		}
	}
	t.Fatalf("no data in %q", frame)
	return delta{}
}

// TestWhoNeverReadsHoldsNothingUp is about a client whose window is shut: it is
// dropped, and the others do not notice.
func TestWhoNeverReadsHoldsNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCentre(3)
		d := quiet(t, c)
		_, id := d.hub.current(t.Context(), time.Now())
		deaf, _, _ := d.hub.join(id)
		for i := range backlog + 3 {
			reader, _, ok := d.hub.join(d.hub.id(d.hub.seq))
			if !ok {
				t.Fatal("nobody can join")
			}
			c.change(func(s *mirror.Snapshot) { s.Totals.Changes = i })
			d.hub.tick(t.Context(), time.Now())
			if got := read(t, <-reader.frames); got.Head.Totals.Changes != i {
				t.Errorf("one who reads is told %d, not %d", got.Head.Totals.Changes, i)
			}
			d.hub.leave(reader)
		}
		n := 0
		for range deaf.frames { // ends, because it was dropped
			n++
		}
		if n != backlog {
			t.Errorf("%d changes were kept for it, not %d", n, backlog)
		}
		d.hub.leave(deaf) // twice is once
	})
}

// TestStreamBeats reads a stream on which nothing happens.
func TestStreamBeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := quiet(t, newCentre(1))
		_, id := d.hub.current(t.Context(), time.Now())
		ctx, cancel := context.WithCancel(t.Context())
		client, server := net.Pipe()
		w := &pipeWriter{Conn: server, header: http.Header{}}
		go func() {
			d.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/api/v1/events?since="+id, nil))
			server.Close()
		}()
		lines := bufio.NewReader(client)
		start := time.Now()
		for _, want := range []string{"retry: 2000\n", "\n", ": still here\n", "\n", ": still here\n"} {
			if line, err := lines.ReadString('\n'); line != want || err != nil {
				t.Fatalf("%q, %v; not %q", line, err, want)
			}
		}
		if took := time.Since(start); took != 2*beat {
			t.Errorf("two beats took %v", took)
		}
		cancel()
		_, _ = io.Copy(io.Discard, lines)
	})
}

type pipeWriter struct {
	net.Conn
	header http.Header
}

func (w *pipeWriter) Header() http.Header { return w.header }
func (w *pipeWriter) WriteHeader(int)     {}
func (w *pipeWriter) Flush()              {}

func TestReadiness(t *testing.T) {
	for _, test := range []struct {
		reason   string
		standing mirror.Standing
		owner    string
		want     int
		says     string
	}{
		{"it keeps people in step", mirror.Running, "replica-1", 200, "ok"},
		{"it has the lease, and moves nobody yet", mirror.Starting, "replica-1", 503, "starting"},
		{"it takes over at once", mirror.Standby, "replica-2", 200, "standby: replica-2 serves"},
		{"it cannot know whether anybody serves", mirror.Standby, "", 503, "nobody holds the lease"},
		{"it is about to be gone", mirror.Ending, "replica-1", 503, "ending"},
	} {
		c := newCentre(1)
		c.change(func(s *mirror.Snapshot) { s.Standing, s.Owner = test.standing, test.owner })
		if w := get(quiet(t, c), "http://localhost/readyz"); w.Code != test.want || !strings.HasPrefix(w.Body.String(), test.says) {
			t.Errorf("%s: %d %q, not %d %q", test.reason, w.Code, w.Body, test.want, test.says)
		}
	}
}

// TestNothingToSee is a sync that has not begun.
func TestNothingToSee(t *testing.T) {
	d, err := New(Options{Source: blank{}})
	if err != nil {
		t.Fatal(err)
	}
	if w := get(d, "http://localhost/readyz"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("ready: %d", w.Code)
	}
	if w := get(d, "http://localhost/api/v1/snapshot"); !strings.Contains(w.Body.String(), `"now":null`) {
		t.Errorf("something to see: %s", w.Body)
	}
	if text := scrape(t, d); !strings.Contains(text, "lockstep_build_info") {
		t.Error("metrics do not say who is there")
	}
	if w := get(d, "http://localhost/api/v1/agents/x/timeline"); w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "canary") {
		t.Errorf("a journal that cannot be read: %d %s", w.Code, w.Body)
	}
}

type blank struct{}

func (blank) Changes(context.Context, uint64) (mirror.Changes, error) {
	return mirror.Changes{}, errors.New("not yet")
}

func (blank) Timeline(context.Context, string, time.Time, time.Time) history.Journal {
	return func(yield func(mirror.Line, error) bool) {
		yield(mirror.Line{}, errors.New("canary: the store's own words"))
	}
}

func TestTimeline(t *testing.T) {
	c := newCentre(40)
	c.aDay("agent-00007")
	d := quiet(t, c)
	var got struct {
		Lines []line
		More  bool
	}
	w := get(d, "http://localhost/api/v1/agents/agent-00007/timeline?limit=3")
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Lines) != 3 || !got.More || got.Lines[0].What != "undeliverable" || got.Lines[1].Row != "centre.hcl:42" {
		t.Errorf("not the latest three, latest first: %+v", got)
	}
	want := `CXone moved to code "Lunch"; the publisher row centre.hcl:42 of rule Support sets Salesforce to On_Lunch`
	if got.Lines[1].Text != want {
		t.Errorf("the reason is %q, not %q", got.Lines[1].Text, want)
	}
	if w := get(d, "http://localhost/api/v1/agents/agent-00007/timeline?from=yesterday"); w.Code != http.StatusBadRequest {
		t.Errorf("a time that is none: %d", w.Code)
	}
}

// TestTimelinePages: whoever asks for what came before the last line gets every
// line once, those of one moment together.
func TestTimelinePages(t *testing.T) {
	c := newCentre(1)
	start := time.Now().Add(-3 * time.Hour).UTC()
	var want []string
	for i := range 40 {
		at := start.Add(time.Duration(i/3) * time.Minute) // three a moment
		name := fmt.Sprint("line ", i)
		want = append([]string{name}, want...)
		c.add("a", at, name)
	}
	d := quiet(t, c)
	var got []string
	to := ""
	for range 20 {
		var p past
		w := get(d, "http://localhost/api/v1/agents/a/timeline?limit=10&to="+to)
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		for _, l := range p.Lines {
			got = append(got, l.Detail)
		}
		if !p.More {
			break
		}
		to = p.Lines[len(p.Lines)-1].At.Format(time.RFC3339Nano)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var before past
	w := get(d, "http://localhost/api/v1/agents/a/timeline?to="+start.Format(time.RFC3339Nano))
	if err := json.Unmarshal(w.Body.Bytes(), &before); err != nil || len(before.Lines) > 0 || !before.From.Equal(start.Add(-day)) {
		t.Errorf("the day before the first line is %v, from %v: %v", before.Lines, before.From, err)
	}
}

func TestTrend(t *testing.T) {
	d := quiet(t, newCentre(2))
	c := d.o.Source.(*centre)
	start := time.Now()
	d.hub.tick(t.Context(), start)
	c.change(func(s *mirror.Snapshot) {
		s.Totals.Changes, s.Totals.Writes = 50, 40
		s.Totals.Delay.Counts = append([]uint64{98}, s.Totals.Delay.Counts[1:]...)
		s.Totals.Delay.Counts[2] = 2
	})
	d.hub.tick(t.Context(), start.Add(pace/2))
	d.hub.tick(t.Context(), start.Add(pace))
	points := d.hub.points()
	if len(points) != 1 {
		t.Fatalf("%d points of one stretch", len(points))
	}
	want := Point{At: points[0].At, Changes: 5, Writes: 4, Calls: 1840, Deliveries: 17320, Delay: &Quantiles{Median: .001 * 50 / 98, High: .00375}}
	if diff := cmp.Diff(want, points[0]); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	c.change(func(s *mirror.Snapshot) { s.Totals.Changes = 1 })
	d.hub.tick(t.Context(), start.Add(2*pace))
	if len(d.hub.points()) != 1 {
		t.Error("counts that began anew make a point")
	}
}
