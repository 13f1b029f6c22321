package cxone

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

// FuzzServe sends anything to anywhere: the tenant must answer with a status,
// and a body that is JSON or nothing.
func FuzzServe(f *testing.F) {
	for _, r := range routes() {
		method, path := splitPattern(r.pattern)
		path = strings.ReplaceAll(path, acdRoot, "/incontactapi/services/v34.0/")
		f.Add(method, path, `{"name":"x","agents":[{}],"teams":[{"id":1}],"codes":[{"outstateId":null}]}`)
	}
	f.Add("PUT", "/adapter-apis/v1/salesforce/rules/x?top=-1&skip=99999999999999999999", `[]`)
	f.Add("GET", "//incontactapi//services/v1.0/agents/%2f%00?orderBy=%20&fields=,,&top=0", "")
	f.Add("POST", "/user-management/v2/users/search", `{"filter":{"userName":[[{"a":null}]]},"skip":-5,"top":-1}`)
	f.Add("POST", "/auth/token", "grant_type=password&%zz")
	seed := tenant.Acme()
	f.Fuzz(func(t *testing.T, method, target, body string) {
		at, err := url.Parse(target)
		if err != nil || !strings.HasPrefix(target, "/") {
			t.Skip()
		}
		emulated := New(seed, Options{Key: testKey()})
		emulated.sessions.access["token"] = grant{
			owner: emulated.store.people.rows[0], key: emulated.store.keys.rows[0],
			expires: emulated.store.now().Add(accessLife),
		}
		r := httptest.NewRequest("GET", "https://"+FacadeHost+"/", strings.NewReader(body))
		r.Method, r.URL = method, at
		r.Header.Set("Authorization", "Bearer token")
		w := httptest.NewRecorder()
		emulated.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("status %d: %s", w.Code, w.Body)
		}
		if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") && !json.Valid(w.Body.Bytes()) {
			t.Errorf("not JSON: %s", w.Body)
		}
	})
}
