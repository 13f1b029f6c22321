package cli

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A reader is a user of both vendors who may read and nothing else: what would
// change something is refused, however harmless.
type reader struct {
	next    http.RoundTripper
	mu      sync.Mutex
	refused []string
}

// RoundTrip implements [http.RoundTripper].
func (u *reader) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet || signsIn(r) || looks(r) {
		return u.next.RoundTrip(r)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.refused = append(u.refused, r.Method+" "+r.URL.Path)
	return answered(r, http.StatusForbidden, `[{"errorCode":"INSUFFICIENT_ACCESS","message":"a reader changes nothing"}]`), nil
}

func signsIn(r *http.Request) bool {
	return strings.HasSuffix(r.URL.Path, "/services/oauth2/token") || strings.HasSuffix(r.URL.Path, "/token/access-key") ||
		strings.HasSuffix(r.URL.Path, "/public/user/refresh")
}

// looks recognises what is posted and only looks: the reads of the Metadata API,
// and REST calls that carry queries.
func looks(r *http.Request) bool {
	if r.Body == nil {
		return false
	}
	body, err := io.ReadAll(r.Body)
	_ = r.Body.Close() // it was read
	r.Body = io.NopCloser(bytes.NewReader(body))
	switch {
	case err != nil:
		return false
	case strings.HasSuffix(r.URL.Path, "/composite"):
		return !writes.Match(body)
	case strings.Contains(r.URL.Path, "/services/Soap/m/"):
		return soapReads.Match(body)
	}
	return false
}

var (
	writes    = regexp.MustCompile(`"method":\s*"(POST|PUT|PATCH|DELETE)"`)
	soapReads = regexp.MustCompile(`[<:](readMetadata|listMetadata|describeMetadata|retrieve|checkRetrieveStatus)[ >]`)
)

// TestRunShadowOfAReader: the way to trust begins before anybody is given a
// right to change something.
func TestRunShadowOfAReader(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		user := &reader{next: c.Transport}
		c.Transport = user
		s := c.begins("-shadow")
		c.watches(ana, ben)
		c.chooses(ana, "Lunch")
		c.shows(ben, "Meeting")
		pass(2 * time.Hour) // people, limits and what run relies on are read again
		c.wantTrace(ana, "only looked at", "Available Ready", "Lunch Ready")
		c.wantTrace(ben, "only looked at", "Available Ready", "Available Meeting")
		if diff := cmp.Diff([]string(nil), user.refused); diff != "" {
			t.Errorf("what a reader may not: -want +got\n%s", diff)
		}
		c.orders(exitOK, "why", ana)
		c.wantSaid("Lunch")
		c.orders(exitOK, "compare", "-since=2h")
		for _, kind := range []string{"poll", "sweep", "people", "events"} {
			if strings.Contains(s.err.String(), `"kind":"`+kind+`"`) {
				t.Errorf("a reader has trouble with %s:\n%s", kind, s.story())
			}
		}
		s.wantSilence("a reader")
	})
}
