package cxone_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lockstep-sync/lockstep/providers/cxone"
	emulator "github.com/lockstep-sync/lockstep/providers/emulator/cxone"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	"github.com/lockstep-sync/lockstep/schema"
)

// at is how many writes are under way in the benchmark.
const at = 8

// BenchmarkSetState writes states over loopback, a bare loop of the same POSTs
// taking turns with it. The bar is 80 % of the loop.
func BenchmarkSetState(b *testing.B) {
	hand := emulator.New(tenant.Acme(), emulator.Options{Hosts: emulator.OneOrigin, Key: signingKey()})
	server := httptest.NewServer(hand)
	defer server.Close()
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	must(hand.SetPresence(ana, "Available", ""))
	presence := cxone.New(cxone.Options{
		Issuer: server.URL, TenantID: tenant.AcmeTenantID, AccessKeyID: tenant.AcmeAccessKeyID,
		AccessKeySecret: schema.NewSecret(tenant.AcmeAccessKeySecret, "the benchmark"),
	}).Presence()
	people, err := presence.People(b.Context())
	must(err)
	id := ""
	for _, p := range people {
		if p.Username == ana {
			id = p.ID
		}
	}
	bare := newBareLoop(b, server.URL, id)
	states := []schema.ACDState{word("Available"), inCode("Break")}
	ours := func(n int64) bool {
		return presence.SetState(b.Context(), id, states[n%2]).Result == schema.Accepted
	}
	var took [2]float64
	for b.Loop() {
		const calls = 400
		took[0] += spread(b, calls, bare.post)
		took[1] += spread(b, calls, ours)
	}
	b.ReportMetric(took[0]/took[1], "of-bare")
	if took[0] < 0.8*took[1] {
		b.Errorf("%.0f %% of the bare loop", 100*took[0]/took[1])
	}
}

// spread makes calls, [at] at a time, and returns the seconds that they took.
func spread(b *testing.B, calls int64, call func(n int64) bool) float64 {
	b.Helper()
	start := b.Elapsed()
	var next, failed atomic.Int64
	var group sync.WaitGroup
	for range at {
		group.Go(func() {
			for n := next.Add(1); n <= calls; n = next.Add(1) {
				if !call(n) {
					failed.Add(1)
				}
			}
		})
	}
	group.Wait()
	if failed.Load() > 0 {
		b.Fatalf("%d calls failed", failed.Load())
	}
	return (b.Elapsed() - start).Seconds()
}

// A bareLoop posts states as simply as can be.
type bareLoop struct {
	client  *http.Client
	targets [2]string
	token   string
}

func newBareLoop(b *testing.B, address, agent string) *bareLoop {
	b.Helper()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = at
	b.Cleanup(transport.CloseIdleConnections)
	loop := &bareLoop{client: &http.Client{Transport: transport}}
	body, _ := json.Marshal(map[string]string{"accessKeyId": tenant.AcmeAccessKeyID, "accessKeySecret": tenant.AcmeAccessKeySecret})
	request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, address+"/authentication/v1/token/access-key", bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	response, err := loop.client.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		b.Fatal(err)
	}
	loop.token = answer.Token
	path := address + "/incontactapi/services/v34.0/agents/" + agent + "/state?state="
	loop.targets = [2]string{path + "Available", path + "Unavailable&outStateId=1202"}
	return loop
}

func (l *bareLoop) post(n int64) bool {
	request, err := http.NewRequest(http.MethodPost, l.targets[n%2], http.NoBody)
	if err != nil {
		return false
	}
	request.Header.Set("Authorization", "Bearer "+l.token)
	response, err := l.client.Do(request)
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return response.StatusCode == http.StatusAccepted
}
