package cli

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/test/bufconn"

	"github.com/lockstep-sync/lockstep/providers/emulator"
)

// TestRunPage: the page shows what both sides show, to whom knows the token,
// with headers that keep everything else out.
func TestRunPage(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		s := c.begins("-serve=127.0.0.1:0")
		c.chooses(ana, "Lunch")
		pass(settles)
		status, header, body := s.get("/api/v1/snapshot")
		var snapshot struct {
			Now struct {
				Mode   string
				Agents []struct{ Login, State, Status string }
			}
		}
		if err := json.Unmarshal([]byte(body), &snapshot); err != nil || status != http.StatusOK || snapshot.Now.Mode != "live" {
			t.Errorf("status %d, mode %q, %v:\n%s", status, snapshot.Now.Mode, err, body)
		}
		found := false
		for _, agent := range snapshot.Now.Agents {
			found = found || agent.Login == ana && strings.Contains(agent.State, "Lunch") && agent.Status == "Lunch"
		}
		if !found {
			t.Errorf("the page does not show ana at lunch:\n%s", body)
		}
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
			"Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
		} {
			if !strings.Contains(header.Get(name), want) {
				t.Errorf("%s: %q, want %q", name, header.Get(name), want)
			}
		}
		_, _, metrics := s.get("/metrics")
		for _, want := range []string{"lockstep_agents", "lockstep_writes_total"} {
			if !strings.Contains(metrics, want) {
				t.Errorf("no %s in the metrics:\n%s", want, metrics)
			}
		}
		if _, _, timeline := s.get("/api/v1/agents/" + c.key(ana) + "/timeline"); !strings.Contains(timeline, "main.hcl:") {
			t.Errorf("the timeline gives no reason:\n%s", timeline)
		}
		s.app.Environ = append(s.app.Environ, tokenVariable+"=something-else-altogether")
		for _, page := range []string{"/api/v1/snapshot", "/metrics", "/api/v1/agents/x/timeline"} {
			if status, _, body := s.get(page); status != http.StatusUnauthorized {
				t.Errorf("%s with a wrong token: %d\n%s", page, status, body)
			}
		}
		s.wantSilence("page")
	})
}

// offLoopback is a port that others can reach.
type offLoopback struct{ *bufconn.Listener }

func (offLoopback) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(10, 1, 2, 3), Port: 8080} }

// TestRunPageNeedsAToken: run does not begin with a page that anybody can read.
func TestRunPageNeedsAToken(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		token  string
		status int
		says   string
	}{
		"no token":      {"", exitError, "run: the dashboard on 10.1.2.3:8080 can be reached by others: give it a token, or listen on 127.0.0.1; the token is the variable LOCKSTEP_TOKEN"},
		"a short token": {"canary7f", exitError, "the dashboard's token is too short"},
		"a good token":  {canaryToken, exitOK, "Live page: http://10.1.2.3:8080"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
				c.Environ = append(c.Environ, tokenVariable+"="+tc.token)
				listener := offLoopback{bufconn.Listen(1024)}
				s := c.startsOn(listener, "-serve=10.1.2.3:8080", "-once")
				s.wantEnd(tc.status)
				s.wantSaid(tc.says)
				if strings.Contains(s.said(), "canary7f") {
					t.Error("the token is repeated")
				}
				if tc.token == "canary7f" {
					return // no port was opened
				}
				if conn, err := listener.Dial(); err == nil {
					_ = conn.Close()
					t.Error("the port is still open")
				}
			})
		})
	}
}

// TestRunPageNobodyReads: somebody opens the stream of changes and never reads
// it. Nobody else notices.
func TestRunPageNobodyReads(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		s := c.begins("-serve=127.0.0.1:0")
		for range 5 {
			conn, err := s.page.DialContext(t.Context())
			c.must(err)
			_, err = io.WriteString(conn, "GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer "+canaryToken+"\r\n\r\n")
			c.must(err)
			t.Cleanup(func() { _ = conn.Close() })
		}
		for range 30 {
			c.chooses(ana, "Lunch")
			pass(settles)
			c.wantPair(ana, "Lunch Lunch", "nobody waits for who does not read")
			c.chooses(ana, "Meeting")
			pass(settles)
			c.wantPair(ana, "Meeting Meeting", "nobody waits for who does not read")
		}
		if status, _, _ := s.get("/healthz"); status != http.StatusOK {
			t.Errorf("/healthz: %d", status)
		}
		began := time.Now()
		s.ends(exitOK)
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("run ended after %s", took)
		}
	})
}

// TestRunHealth: whoever looks after processes is told that run lives, and that
// it is ready once it has read both sides.
func TestRunHealth(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		c.must(c.emulator.Fault(emulator.Fault{Vendor: emulator.CXone, Path: "*/agents", Kind: emulator.Hang, After: 1, Times: -1}))
		s := c.starts("-serve=127.0.0.1:0")
		pass(time.Second)
		s.plug.breaks(&storeFault{verbs: []verb{leases}, hangs: true})
		want := func(page string, status int, when string) {
			t.Helper()
			if got, _, body := s.get(page); got != status {
				t.Errorf("%s: %s answers %d, want %d: %s", when, page, got, status, body)
			}
		}
		want("/healthz", http.StatusOK, "a vendor hangs")
		want("/readyz", http.StatusServiceUnavailable, "a vendor hangs")
		c.emulator.ClearFaults()
		s.plug.breaks(nil)
		pass(time.Minute)
		want("/healthz", http.StatusOK, "all is well")
		want("/readyz", http.StatusOK, "all is well")
	})
}
