package emulator_test

import (
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/lockstep-sync/lockstep/providers/emulator"
)

// Callers, hands and faults at once; the race detector judges, and nothing may
// get lost.
func TestConcurrentUse(t *testing.T) {
	c := newCaller(t, emulator.Options{})
	query := c.base + "/services/data/v67.0/query?q=" + url.QueryEscape("SELECT Name, CreatedBy.Name FROM StreamingChannel ORDER BY Name")
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for n := range 10 {
				if status, body, err := c.create(fmt.Sprintf("%d-%d", i, n)); status != http.StatusCreated || err != nil {
					t.Errorf("create: %d %s %v", status, body, err)
				}
				if status, body, err := c.send(http.MethodGet, query, "", ""); status != http.StatusOK || err != nil {
					t.Errorf("query: %d %s %v", status, body, err)
				}
				if _, _, err := c.send(http.MethodGet, c.emulator.CXoneURL()+"/.well-known/openid-configuration", "", ""); err != nil {
					t.Error(err)
				}
				if err := c.emulator.Org.SetPresence("ana.lopez@acme.example", "Away"); err != nil {
					t.Error(err)
				}
				if err := c.emulator.Fault(emulator.Fault{Kind: emulator.Drop, Path: "/nowhere"}); err != nil {
					t.Error(err)
				}
				_ = c.emulator.Stats().Total("")
			}
		})
	}
	all.Wait()
	if c.held() != 80 {
		t.Errorf("%d channels, want 80", c.held())
	}
	if total := c.emulator.Stats().Total(""); total != 8*10*3+1 {
		t.Errorf("%d calls counted, want %d", total, 8*10*3+1)
	}
}
