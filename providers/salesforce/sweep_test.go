package salesforce_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/emulator/salesforce"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	provider "github.com/lockstep-sync/lockstep/providers/salesforce"
	"github.com/lockstep-sync/lockstep/schema"
)

const ben = "ben.okafor@acme.example"

func TestSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(t, salesforce.PubSubOptions{}, nil)
		f.set(ana, "Available_Cases")
		time.Sleep(90 * time.Second)
		since := time.Now().UTC().Truncate(time.Second)
		f.set(ben, "Away")
		news, err := f.presence.Sweep(t.Context())
		if err != nil || !news.Whole {
			t.Fatalf("%+v, %v", news, err)
		}
		want := []schema.Sighting{
			{Person: f.id(ana), Status: "Available_Cases", Since: since.Add(-90 * time.Second)}, {Person: f.id(ben), Status: "Away", Since: since},
		}
		if diff := cmp.Diff(want, news.Sightings); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		f.set(ben, "")
		if news, err = f.presence.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[:1], news.Sightings); diff != "" {
			t.Errorf("after a logout (-want +got)\n%s", diff)
		}
	})
}

// A sweep of several pages is not one moment: who changes status meanwhile is
// in none of them, and is no logout.
func TestSweepLooksTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(t, salesforce.PubSubOptions{}, nil)
		f.set(ana, "Available_Cases")
		if _, err := f.presence.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		hidden := false
		f.fault = func(w http.ResponseWriter, r *http.Request) bool {
			if hidden || !strings.HasSuffix(r.URL.Path, "/query") {
				return false
			}
			hidden = true
			_, _ = w.Write([]byte(`{"totalSize":0,"done":true,"records":[]}`))
			return true
		}
		news, err := f.presence.Sweep(t.Context())
		if err != nil || len(news.Sightings) != 1 || news.Sightings[0].Status != "Available_Cases" {
			t.Errorf("%+v, %v", news, err)
		}
	})
}

// Looking at many takes few calls, and no request line that is too long.
func TestLookInFewCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(t, salesforce.PubSubOptions{}, nil)
		f.set(ana, "Away")
		people := []string{f.id(ana), provider.ShortID(f.id(ana))}
		for i := range 1500 {
			long, _ := provider.LongID(fmt.Sprintf("0055g%010d", 5000+i))
			people = append(people, long)
		}
		f.fault = func(_ http.ResponseWriter, r *http.Request) bool {
			if len(r.URL.String()) > 12_500 {
				t.Errorf("a request line of %d", len(r.URL.String()))
			}
			return false
		}
		before := f.count("composite")
		news, err := f.presence.Look(t.Context(), people)
		if err != nil {
			t.Fatal(err)
		}
		if n := f.count("composite") - before; n != 1 {
			t.Errorf("%d calls", n)
		}
		online := 0
		for _, s := range news.Sightings {
			if s.Status != schema.Offline {
				online++
			}
		}
		if online != 1 || len(news.Sightings) != 1501 {
			t.Errorf("%d of %d are online", online, len(news.Sightings))
		}
	})
}

func TestSweepSaysWhatIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := acme(t, func(s *tenant.Tenant) { s.Salesforce.OmniDisabled = true })
		_, err := o.provider.Presence(nil).Sweep(t.Context())
		if !errors.Is(err, schema.ErrSetup) || !strings.Contains(err.Error(), "Omni-Channel") {
			t.Errorf("without Omni-Channel: %v", err)
		}
		o = acme(t, func(s *tenant.Tenant) {
			s.Salesforce.MissingPermissions = []string{"ViewSetup", "ViewDeveloperName"}
		})
		if err := o.handler.SetPresence(ana, "Away"); err != nil {
			t.Fatal(err)
		}
		if _, err = o.provider.Presence(nil).Sweep(t.Context()); !errors.Is(err, schema.ErrSetup) || !strings.Contains(err.Error(), "View") {
			t.Errorf("without developer names: %v", err)
		}
	})
}

func TestPeople(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(t, salesforce.PubSubOptions{}, nil)
		people, err := f.presence.People(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		byName := map[string]schema.Person{}
		for _, p := range people {
			byName[p.Username] = p
			if !p.Active || p.ID != f.id(p.Username) || p.Email == "" || p.Name == "" {
				t.Errorf("person %+v", p)
			}
		}
		if byName[ana].ID == "" || len(byName) != len(people) {
			t.Errorf("%d people, ana is %+v", len(people), byName[ana])
		}
		// Sup's profile gives no status, and the org's administrator has none.
		if _, listed := byName["sup.one@acme.example"]; listed {
			t.Error("somebody who may show nothing is listed")
		}
		if err := f.handler.Edit("User", "Username", ana, map[string]any{"IsActive": false}); err != nil {
			t.Fatal(err)
		}
		fewer, err := f.presence.People(t.Context())
		if err != nil || len(fewer) != len(people)-1 {
			t.Errorf("%d people after one left, %v", len(fewer), err)
		}
	})
}
