package salesforce_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/schema"
)

func TestKilledAnywhere(t *testing.T) { synctest.Test(t, killedAnywhere) }

// Whatever call is the last that an apply makes, and whether or not it was
// carried out, applying again settles.
func killedAnywhere(t *testing.T) {
	changed := func() reconcile.Wanted {
		objects := guide(t)
		objects[0].Set("channels", schema.Strings("sfdc_livemessage", "Cases"))
		return wanted(objects...)
	}
	var kills []int // by the number of the call; a lost GET is a lost read
	calls := 0
	count := acme(t, nil)
	count.fault = func(_ http.ResponseWriter, r *http.Request) bool {
		if calls++; r.Method != http.MethodGet {
			kills = append(kills, calls)
		}
		return false
	}
	count.apply(changed())

	for _, carriedOut := range []bool{false, true} {
		for _, last := range kills {
			o := acme(t, nil)
			made := 0
			o.fault = func(_ http.ResponseWriter, r *http.Request) bool {
				made++
				if made < last {
					return false
				}
				if made == last && carriedOut {
					o.handler.ServeHTTP(discard{http.Header{}}, r)
				}
				panic(http.ErrAbortHandler)
			}
			if plan, err := o.reconciler().Plan(t.Context(), changed(), reconcile.Options{}); err == nil {
				o.reconciler().Apply(t.Context(), nil, plan, nil)
			}
			o.fault = nil
			o.provider = o.connect()
			o.apply(changed())
			if t.Failed() {
				t.Fatalf("killed at call %d of %d (carried out: %t)", last, calls, carriedOut)
			}
		}
	}
}
