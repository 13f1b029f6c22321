package dashboard

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/schema"
)

// twoOfThree is a site of which one tenant could not be started.
func twoOfThree(t *testing.T, token string) *Site {
	t.Helper()
	o := Options{Replica: "replica-1", Version: "test", Token: schema.NewSecret(token, "the test")}
	s, err := NewSite(o, []string{"north/acme", "south/acme", "broken"})
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"north/acme", "south/acme"} {
		c := newCentre(3 + i)
		c.change(func(s *mirror.Snapshot) { s.Tenant = name })
		o.Source = c
		if err := s.Add(t.Context(), name, o); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func visit(s http.Handler, path string) (status int, body string) {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil))
	return w.Code, w.Body.String()
}

// TestSite: each tenant is under a path of its own, and the list leads to it.
func TestSite(t *testing.T) {
	s := twoOfThree(t, "")
	for _, test := range []struct {
		path, want, why string
		status          int
	}{
		{"/", `<a href="/tenants/acme/">north/acme</a>`, "the list", http.StatusOK},
		{"/", `<a href="/tenants/acme-2/">south/acme</a>`, "names that end alike are told apart", http.StatusOK},
		{"/", `<td>broken</td>`, "who has no page is listed too", http.StatusOK},
		{"/tenants/acme/", `src="/app.js"`, "a page", http.StatusOK},
		{"/tenants/acme/api/v1/snapshot", `"tenant":"north/acme"`, "its data", http.StatusOK},
		{"/tenants/acme-2/api/v1/snapshot", `"tenant":"south/acme"`, "the other's", http.StatusOK},
		{"/tenants/broken/", "", "who has no page", http.StatusNotFound},
		{"/app.js", "", "what pages consist of", http.StatusOK},
		{"/healthz", "ok", "the process lives", http.StatusOK},
		{"/readyz", "broken: starting", "one is not there yet", http.StatusServiceUnavailable},
	} {
		if status, body := visit(s, test.path); status != test.status || !strings.Contains(body, test.want) {
			t.Errorf("%s: %s: %d without %q:\n%s", test.why, test.path, status, test.want, body)
		}
	}
	s.Failed("broken")
	if _, body := visit(s, "/readyz"); !strings.Contains(body, "broken: not running") {
		t.Errorf("one has failed: %s", body)
	}
	s.Failed("south/acme")
	if status, _ := visit(s, "/tenants/acme-2/"); status != http.StatusNotFound {
		t.Errorf("one that was there has failed: %d", status)
	}
}

// TestSiteTellsShadow: whoever looks at the list would think that agents are moved.
func TestSiteTellsShadow(t *testing.T) {
	s, err := NewSite(Options{Version: "test"}, []string{"acme"})
	if err != nil {
		t.Fatal(err)
	}
	c := newCentre(3)
	if err := s.Add(t.Context(), "acme", Options{Version: "test", Source: c}); err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[mirror.Mode]string{mirror.Live: "<td>ok</td>", mirror.Shadow: "<td>ok (shadow: nothing is written)</td>"} {
		c.change(func(s *mirror.Snapshot) { s.Mode = string(mode) })
		if _, body := visit(s, "/"); !strings.Contains(body, want) {
			t.Errorf("%s: no %s in\n%s", mode, want, body)
		}
	}
}

// TestSiteMetrics: every metric is of a tenant, but for the process's own.
func TestSiteMetrics(t *testing.T) {
	_, text := visit(twoOfThree(t, ""), "/metrics")
	var without []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "lockstep_") && !strings.Contains(line, `tenant="`) {
			without = append(without, strings.TrimSpace(line))
		}
	}
	if diff := cmp.Diff([]string{`lockstep_build_info{replica="replica-1",version="test"} 1`}, without); diff != "" {
		t.Errorf("of no tenant (-want +got):\n%s", diff)
	}
	for _, want := range []string{`lockstep_agents{tenant="north/acme"} 3`, `lockstep_agents{tenant="south/acme"} 4`} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no %s", want)
		}
	}
}

// TestSiteGate: nothing but the way in is open without the token.
func TestSiteGate(t *testing.T) {
	s := twoOfThree(t, "a-token-that-is-long-enough")
	for path, want := range map[string]int{
		"/": http.StatusSeeOther, "/tenants/acme/": http.StatusSeeOther, "/tenants/acme/api/v1/snapshot": http.StatusUnauthorized,
		"/metrics": http.StatusUnauthorized, "/app.js": http.StatusUnauthorized, "/login": http.StatusOK, "/healthz": http.StatusOK,
	} {
		if got, _ := visit(s, path); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
}
