package cli

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/test/bufconn"
)

// The pages of run that hold data.
var pages = []string{"/", "/api/v1/snapshot", "/api/v1/history", "/metrics", "/healthz", "/readyz"}

// traces are what agents showed on both sides, in turn. They are looked at
// after every call, so that a write that should not have been cannot hide
// behind another that took it back.
type traces struct {
	mu     sync.Mutex
	agents map[string][]string
}

func (t *traces) note(c *centreWorld) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.agents == nil {
		return // nobody is at work yet
	}
	for agent, pairs := range t.agents {
		if pair := c.pair(agent); pairs[len(pairs)-1] != pair {
			t.agents[agent] = append(pairs, pair)
		}
	}
}

// watches begins to trace agents.
func (c *centreWorld) watches(agents ...string) {
	c.traces.mu.Lock()
	defer c.traces.mu.Unlock()
	c.traces.agents = map[string][]string{}
	for _, agent := range agents {
		c.traces.agents[agent] = []string{c.pair(agent)}
	}
}

// wantTrace wants an agent to have shown these pairs since watches, and no
// other.
func (c *centreWorld) wantTrace(agent, why string, pairs ...string) {
	c.t.Helper()
	c.traces.note(c)
	c.traces.mu.Lock()
	defer c.traces.mu.Unlock()
	if got := c.traces.agents[agent]; !slices.Equal(got, pairs) {
		c.t.Errorf("%s: %s showed\n\t%s\nwant\n\t%s", why, agent, strings.Join(got, ", "), strings.Join(pairs, ", "))
	}
}

// hookURL is an address that nobody may read.
const (
	hookHost = "hooks.acme.example"
	hookURL  = "https://" + hookHost + "/" + canaryHook
)

// A hook is a chat service that webhooks reach.
type hook struct {
	mu     sync.Mutex
	heard  []string                                    // the bodies that came
	answer func(*http.Request) (*http.Response, error) // nil takes everything
}

func (h *hook) told() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.heard, "\n")
}

// hooked carries what is for the chat service there.
type hooked struct {
	next http.RoundTripper
	hook *hook
}

func (t hooked) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Hostname() != hookHost {
		return t.next.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	_ = r.Body.Close() // it was read
	t.hook.mu.Lock()
	t.hook.heard = append(t.hook.heard, string(body))
	answer := t.hook.answer
	t.hook.mu.Unlock()
	if err == nil && answer != nil {
		return answer(r)
	}
	return answered(r, http.StatusOK, "ok"), err
}

func answered(r *http.Request, status int, body string) *http.Response {
	return &http.Response{
		Status: fmt.Sprint(status, " ", http.StatusText(status)), StatusCode: status, Request: r,
		Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)),
	}
}

// A loopbackPort is in memory, and looks like one of this machine.
type loopbackPort struct{ *bufconn.Listener }

func (loopbackPort) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080} }

// browser reaches the live page.
func (s *shift) browser() *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return s.page.DialContext(ctx) },
	}}
}

// get reads a page, with the token when there is one.
func (s *shift) get(path string) (status int, header http.Header, body string) {
	s.centre.t.Helper()
	r, err := http.NewRequestWithContext(s.centre.t.Context(), http.MethodGet, "http://127.0.0.1:8080"+path, http.NoBody)
	s.centre.must(err)
	if token, ok := s.app.env(tokenVariable); ok {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := s.browser().Do(r)
	s.centre.must(err)
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	s.centre.must(err)
	return answer.StatusCode, answer.Header, string(text)
}

// wantSilence looks for planted secrets in everything that run has written: both
// streams with the log at its most talkative, the pages, what webhooks were
// told, the store as it lies on disk, and the folder.
func (s *shift) wantSilence(when string) {
	c := s.centre
	c.t.Helper()
	texts := map[string]string{"standard output": s.out.String(), "standard error": s.err.String(), "the webhook": c.hook.told()}
	if s.page != nil && s.ended != nil {
		for _, page := range pages {
			_, _, texts[page] = s.get(page)
		}
		_, _, texts["the timeline"] = s.get("/api/v1/agents/" + c.key(ana) + "/timeline")
	}
	stored, err := os.ReadFile(c.path)
	c.must(err)
	texts["the store"] = string(stored)
	for where, text := range texts {
		c.wantNoCanary(when+": "+where, text)
	}
	c.wantNoCanaries(when)
}

// key is what the store knows an agent by.
func (c *centreWorld) key(agent string) string {
	c.t.Helper()
	loaded, err := c.load(c.t.Context(), configFlags{}, true)
	c.must(err)
	key, err := agentKey(c.t.Context(), c.memory(), accounts(loaded), agent)
	if err != nil {
		return "nobody" // run has written nothing
	}
	return key
}

// story is what run has said, without the calls.
func (s *shift) story() string {
	var lines []string
	for line := range strings.Lines(s.err.String()) {
		if !strings.Contains(line, "level=DEBUG") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

// A heard is output that can be waited for, outside of bubbles.
type heard struct {
	mu    sync.Mutex
	b     strings.Builder
	wrote chan struct{} // holds one when there is something new
}

func newHeard() *heard { return &heard{wrote: make(chan struct{}, 1)} }

func (h *heard) Write(text []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case h.wrote <- struct{}{}:
	default:
	}
	return h.b.Write(text)
}

func (h *heard) text() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.b.String()
}

// wait waits until something was said.
func (h *heard) wait(t *testing.T, text string) { t.Helper(); h.waitFor(t, text, 1) }

// waitFor waits until it was said so many times.
func (h *heard) waitFor(t *testing.T, text string, times int) {
	t.Helper()
	for patience := time.After(time.Minute); strings.Count(h.text(), text) < times; {
		select {
		case <-h.wrote:
		case <-patience:
			t.Fatalf("%q was not said %d times:\n%s", text, times, h.text())
		}
	}
}
