package cxone

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

// Many clients write at once; what they wrote is all there. Under -race this
// also shows that answers share nothing with the tables.
func TestManyAtOnce(t *testing.T) {
	const clients, each = 8, 25
	c := newClient(t, Options{})
	var group sync.WaitGroup
	for n := range clients {
		group.Go(func() {
			for i := range each {
				body := fmt.Sprintf(`{"name":"Code %d-%d"}`, n, i)
				for _, call := range [][3]string{
					{"POST", "unavailable-codes", body},
					{"GET", "unavailable-codes?orderBy=name", ""},
					{"GET", "teams", ""},
					{"POST", "unavailable-codes/1202/teams?addAll=true", ""},
				} {
					r := httptest.NewRequest(call[0], "https://x/incontactapi/services/v34.0/"+call[1], strings.NewReader(call[2]))
					r.Header.Set("Authorization", "Bearer "+c.token)
					w := httptest.NewRecorder()
					c.tenant.ServeHTTP(w, r)
					if w.Code != http.StatusOK {
						t.Errorf("%s %s: %d", call[0], call[1], w.Code)
					}
				}
			}
		})
	}
	group.Wait()
	if got, want := len(c.tenant.Codes()), 4+clients*each; got != want {
		t.Errorf("%d codes, want %d", got, want)
	}
}

// Over a real socket every endpoint that discovery gives is the one origin.
func TestOverLoopback(t *testing.T) {
	server := httptest.NewServer(New(tenant.Acme(), Options{Hosts: OneOrigin, Key: testKey()}))
	defer server.Close()
	defer server.Client().CloseIdleConnections()
	response, err := server.Client().Get(server.URL + "/.well-known/cxone-configuration")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body := make([]byte, 4096)
	n, _ := response.Body.Read(body)
	if !strings.Contains(string(body[:n]), `"api_endpoint":"`+server.URL+`"`) {
		t.Errorf("api_endpoint is not the server: %s", body[:n])
	}
}
