package salesforce

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

// The parser must neither panic nor run away, and what it takes must bind or
// be refused by the org without a panic either.
func FuzzSOQL(f *testing.F) {
	for _, seed := range []string{
		`SELECT Id, Profile.Name, (SELECT Id FROM PermissionSetAssignments) FROM User WHERE (NOT Name LIKE 'a\'%') AND Id IN ('0055g0000000001', null) ORDER BY Name DESC NULLS LAST LIMIT 1 OFFSET 2`,
		`SELECT COUNT() FROM User WHERE Id NOT IN (SELECT AssigneeId FROM PermissionSetAssignment)`,
		`SELECT Id FROM User WHERE CreatedDate = TODAY OR CreatedDate > 2026-01-01T00:00:00.000+0000 OR CreatedDate < 2026-01-01`,
		`SELECT Id FROM PackageLicense WHERE AllowedLicenses >= -1.5e3`,
		`select`, `'`, `((((`, `SELECT a FROM b WHERE c = '\`, "SELECT\x00",
	} {
		f.Add(seed)
	}
	org := New(tenant.Acme(), Options{})
	b := &binder{store: org.store, schema: org.schema, version: newestVersion}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := parseSOQL(text, time.Unix(0, 0))
		if (q == nil) == (err == nil) {
			t.Fatalf("query %v and error %v", q, err)
		}
		if err != nil {
			return
		}
		p, fault := b.bind(q)
		if fault != nil {
			return
		}
		w := &recordWriter{store: org.store}
		w.records(p, p.run(org.store))
	})
}

func FuzzLike(f *testing.F) {
	f.Add("a%b_c", "axxbyc")
	f.Add(`\%\`, "%")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		_ = like(pattern, text) // it must end
		if strings.ContainsAny(text, `%_\`) {
			return
		}
		if !like(text, text) || !like("%"+text, text) || !like(text+"%", text) {
			t.Errorf("%q is not like itself", text)
		}
	})
}

// Reading every status with who may use it: what a plan asks first.
func BenchmarkReadStatuses(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		acme := tenant.Acme()
		for i := range n {
			acme.Salesforce.Statuses = append(acme.Salesforce.Statuses, tenant.Status{
				DeveloperName: fmt.Sprintf("Status_%d", i), Label: fmt.Sprintf("Status %d", i), Channels: []string{"Cases"}, Profiles: []string{"Support Agent", "Sales Agent"},
			})
		}
		org := New(acme, Options{})
		session := org.open(clientOf(acme.Salesforce.Integration[0]), org.activeUser(tenant.AcmeIntegration))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				readStatuses(b, org, session.token)
			}
		})
	}
}

func readStatuses(b *testing.B, org *Org, token string) {
	next := "/services/data/v67.0/query?q=" + url.QueryEscape(`SELECT Id, DeveloperName, MasterLabel,
		(SELECT ServiceChannel.DeveloperName FROM ServiceChannelStatuses),
		(SELECT Parent.Name, Parent.IsOwnedByProfile, Parent.Profile.Name FROM SetupEntityAccessItems) FROM ServicePresenceStatus`)
	for next != "" {
		r := httptest.NewRequest(http.MethodGet, next, nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		org.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
		_, after, _ := strings.Cut(w.Body.String(), `"nextRecordsUrl":"`)
		next, _, _ = strings.Cut(after, `"`)
	}
}
