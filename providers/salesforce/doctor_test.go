package salesforce_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	"github.com/lockstep-sync/lockstep/schema"
)

func TestDoctor(t *testing.T) { synctest.Test(t, doctor) }

func doctor(t *testing.T) {
	tests := []struct {
		reason string
		seed   func(*tenant.Tenant)
		sick   map[string]schema.Condition // by a part of the name
	}{
		{"a healthy org", nil, nil},
		{"Omni-Channel is off", func(s *tenant.Tenant) { s.Salesforce.OmniDisabled = true }, map[string]schema.Condition{"Omni-Channel is on": schema.Broken}},
		{"the API keeps secrets to itself", func(s *tenant.Tenant) { s.Salesforce.NoClientSecretAPI = true }, map[string]schema.Condition{"Consumer secrets can be read by API": schema.Ailing}},
		{"all licences are taken", func(s *tenant.Tenant) { s.Salesforce.Packages[0].Allowed = 1 }, map[string]schema.Condition{"The package": schema.Ailing}},
		{"the package is not there", func(s *tenant.Tenant) { s.Salesforce.Packages = nil }, map[string]schema.Condition{"The package": schema.Ailing}},
		{"a permission is missing", func(s *tenant.Tenant) { s.Salesforce.MissingPermissions = []string{"AssignPermissionSets"} }, map[string]schema.Condition{"Assign Permission Sets": schema.Broken}},
		{"a permission is missing that another can stand for", func(s *tenant.Tenant) { s.Salesforce.MissingPermissions = []string{"ViewAllData"} }, map[string]schema.Condition{"View All Data": schema.Unseen}},
	}
	for _, test := range tests {
		checkups := acme(t, test.seed).provider.Doctor(t.Context())
		unseen := 0
		for _, c := range checkups {
			want := schema.Healthy
			for name, condition := range test.sick {
				if strings.Contains(c.Name, name) {
					want = condition
				}
			}
			if c.Condition == schema.Unseen && want == schema.Healthy {
				unseen++
			} else if c.Condition != want {
				t.Errorf("%s: %q is %s (%s), want %s", test.reason, c.Name, c.Condition, c.Detail, want)
			}
			if (c.Condition != schema.Healthy) != (c.Remedy != "") {
				t.Errorf("%s: %q is %s with the remedy %q", test.reason, c.Name, c.Condition, c.Remedy)
			}
		}
		if len(checkups) < 15 || unseen < 4 {
			t.Errorf("%s: %d checkups, %d of them unseen", test.reason, len(checkups), unseen)
		}
	}
}
