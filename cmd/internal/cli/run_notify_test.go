package cli

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/providers/emulator"
)

// TestRunNotifies: whatever the chat service does, people are moved, its address
// is in nothing that is written, and run ends when it is told to.
func TestRunNotifies(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answer func(*http.Request) (*http.Response, error)
		says   string // in the log
	}{
		"it listens": {nil, ""},
		"it refuses": {func(r *http.Request) (*http.Response, error) {
			return answered(r, http.StatusForbidden, "no "+hookURL), nil
		}, "notify: answered with 403 Forbidden"},
		"it is gone": {func(r *http.Request) (*http.Response, error) {
			return nil, errors.New("dial tcp: lookup failed")
		}, "notify: dial tcp: lookup failed"},
		"it redirects": {func(r *http.Request) (*http.Response, error) {
			a := answered(r, http.StatusTemporaryRedirect, "")
			a.Header.Set("Location", "https://elsewhere.example/"+canaryHook)
			return a, nil
		}, "notify: answered with 307 Temporary Redirect"},
		"it never answers": {func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}, "nobody could be told"},
		"its body never ends": {func(r *http.Request) (*http.Response, error) {
			a := answered(r, http.StatusOK, "")
			a.Body = endless{r}
			return a, nil
		}, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
				c.hook.answer = tc.answer
				s := c.begins("-serve=127.0.0.1:0")
				c.orders(exitOK, "stop", "-reason=incident 7")
				pass(holdsWithin)
				c.orders(exitOK, "resume")
				pass(holdsWithin)
				c.chooses(ana, "Lunch")
				pass(settles)
				c.wantPair(ana, "Lunch Lunch", "nobody waits for a chat service")
				pass(5 * time.Minute)
				if told := c.hook.told(); !strings.Contains(told, "incident 7") || !strings.Contains(told, `"text":"Lockstep: nobody is moved`) || !strings.Contains(told, `"over":true`) {
					t.Errorf("told:\n%s", told)
				}
				s.wantSaid(tc.says)
				s.wantSilence(name)
				c.orders(exitOK, "stop", "-reason=again")
				time.Sleep(holdsWithin) // it is being told
				began := time.Now()
				s.ends(exitOK)
				if took := time.Since(began); took > 3*time.Second {
					t.Errorf("run ended after %s", took)
				}
			})
		})
	}
}

// TestRunNamesAgents: people read names, in the log and in their chat, with the
// key beside it for programs.
func TestRunNamesAgents(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		s := c.begins()
		for range 3 { // what is undone again and again is left alone
			c.chooses(ana, "Lunch")
			pass(settles)
			c.shows(ana, "Ready")
			pass(settles)
		}
		key := c.key(ana)
		told := c.hook.told()
		if !strings.Contains(told, `"text":"Lockstep: `+ana+`: `) || !strings.Contains(told, `"agent":"`+ana+`"`) || !strings.Contains(told, `"key":"`+key+`"`) {
			t.Errorf("told:\n%s", told)
		}
		if log := s.err.String(); !strings.Contains(log, `"agent":"`+ana+`","key":"`+key+`"`) || strings.Contains(log, `"agent":"`+key) {
			t.Errorf("logged:\n%s", log)
		}
	})
}

// endless is a body that says nothing until the caller gives up.
type endless struct{ r *http.Request }

func (e endless) Read([]byte) (int, error) {
	<-e.r.Context().Done()
	return 0, e.r.Context().Err()
}

func (endless) Close() error { return nil }

// TestRunTellsOfTrouble: what needs a person is told once, and when it is over.
func TestRunTellsOfTrouble(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		s := c.begins()
		s.plug.breaks(&storeFault{verbs: []verb{commits}, before: errors.New("disk full")})
		c.chooses(ana, "Lunch")
		pass(5 * time.Minute)
		s.plug.breaks(nil)
		pass(time.Minute)
		c.must(c.emulator.Fault(emulator.Fault{Kind: emulator.StreamDrop, Times: -1}))
		c.emulator.Org.DropStreams()
		pass(5 * time.Minute)
		c.emulator.ClearFaults()
		pass(10 * time.Minute) // a stream is heard of when it has something to say
		told := c.hook.told()
		for _, kind := range []string{"store", "events"} {
			if n := strings.Count(told, `"kind":"`+kind+`"`); n != 2 {
				t.Errorf("%s was told %d times, want once, and that it is over:\n%s", kind, n, told)
			}
			if !strings.Contains(told, `"kind":"`+kind+`","over":true`) {
				t.Errorf("nobody was told that %s work again:\n%s", kind, told)
			}
		}
		s.wantSilence("trouble")
	})
}

// TestRunTellsAgain: a chat service that fails for a moment hears of the breaker
// all the same, once, and of its end afterwards.
func TestRunTellsAgain(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]func(*http.Request) (*http.Response, error){
		"no answer":   func(*http.Request) (*http.Response, error) { return nil, errors.New("dial tcp: lookup failed") },
		"unavailable": func(r *http.Request) (*http.Response, error) { return answered(r, http.StatusBadGateway, ""), nil },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
				tries, took := 0, ""
				c.hook.answer = func(r *http.Request) (*http.Response, error) {
					if tries++; tries <= 2 {
						return fails(r)
					}
					told := strings.Split(c.hook.told(), "\n")
					took += told[len(told)-1]
					return answered(r, http.StatusOK, ""), nil
				}
				c.begins()
				c.orders(exitOK, "stop", "-reason=incident 7")
				pass(holdsWithin)
				c.orders(exitOK, "resume")
				pass(time.Minute)
				began, over := strings.Index(took, "nobody is moved: stopped: incident 7"), strings.Index(took, `"over":true`)
				if began < 0 || over < began || tries != 4 {
					t.Errorf("%d tries; it heard:\n%s", tries, took)
				}
			})
		})
	}
}
