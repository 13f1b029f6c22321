package cli

import (
	"testing"

	"github.com/lockstep-sync/lockstep/providers/emulator"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

func TestInShort(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ instance, tenant, want string }{
		"production":        {"https://acme.my.salesforce.com", "11eb8f0a-7c1d-4e52-9a60-2f4c5d6e7a8b", "acme, tenant 11eb8f0a"},
		"a sandbox":         {"https://acme--uat.sandbox.my.salesforce.com/", "11eb8f0a-7c1d-4e52-9a60-2f4c5d6e7a8b", "acme--uat, tenant 11eb8f0a"},
		"an emulator":       {"http://127.0.0.1:40213", "11eb8f0a-7c1d-4e52-9a60-2f4c5d6e7a8b", "127.0.0.1:40213, tenant 11eb8f0a"},
		"a tenant by a key": {"https://acme.my.salesforce.com", "", "acme"},
	} {
		w := newWorld(t, tenant.Acme(), emulator.Options{})
		w.Environ = append(w.Environ, "SALESFORCE_INSTANCE_URL="+tc.instance, "CXONE_TENANT_ID="+tc.tenant)
		w.write("main.hcl", bothProviders)
		c, err := w.load(t.Context(), configFlags{}, false)
		if err != nil {
			t.Fatal(err)
		}
		if got := inShort(c); got != tc.want {
			t.Errorf("%s is called %q, want %q", name, got, tc.want)
		}
	}
}
