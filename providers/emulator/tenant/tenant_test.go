package tenant_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

// Acme written to a seed file and read back is Acme, in either form.
func TestLoadAcme(t *testing.T) {
	file := hclwrite.NewEmptyFile()
	gohcl.EncodeIntoBody(tenant.Acme(), file.Body())
	encoded, err := json.Marshal(tenant.Acme())
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"acme.hcl": file.Bytes(), "acme.json": encoded} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := tenant.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			want, _ := json.Marshal(tenant.Acme())
			have, _ := json.Marshal(got)
			if diff := cmp.Diff(string(want), string(have)); diff != "" {
				t.Error("-want +got:\n" + diff)
			}
		})
	}
}

func TestLoadRefuses(t *testing.T) {
	tests := map[string]struct{ name, data, want, reason string }{
		"Extension": {"seed.yaml", "", `extension ".yaml", want .hcl or .json`, "only two forms are read"},
		"Syntax":    {"seed.hcl", "salesforce {", "seed.hcl:1", "the place is told"},
		"Argument":  {"seed.hcl", "salesforce {\n colour = 1\n}\ncxone {}", "colour", "the argument is told"},
		"Member":    {"seed.json", `{"salesforce":{"colour":1}}`, `unknown field "colour"`, "the member is told"},
		"Two":       {"seed.json", `{} {}`, "more than one value", "nothing is ignored"},
		"Empty":     {"seed.json", `{}`, `organization_id ""`, "an empty tenant has no organization"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), tc.name)
			if err := os.WriteFile(path, []byte(tc.data), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := tenant.Load(path)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s: got %v, want it to contain %q", tc.reason, err, tc.want)
			}
		})
	}
}

func TestValidate(t *testing.T) {
	tests := map[string]struct {
		change       func(*tenant.Tenant)
		want, reason string
	}{
		"Acme":        {func(*tenant.Tenant) {}, "", "the built-in tenant is valid"},
		"LongOrg":     {func(a *tenant.Tenant) { a.Salesforce.OrganizationID += "AAA" }, "organization_id", "15 characters are asked for"},
		"Profile":     {func(a *tenant.Tenant) { a.Agents[0].Profile = "Nobody" }, `names profile "Nobody"`, "a user without a profile cannot be"},
		"Team":        {func(a *tenant.Tenant) { a.Agents[0].Team = "Nobody" }, `names team "Nobody"`, "nor an agent without a team"},
		"Twice":       {func(a *tenant.Tenant) { a.Agents[1].Email = a.Agents[0].Email }, "is there twice", "people are told apart by e-mail"},
		"Channel":     {func(a *tenant.Tenant) { a.Salesforce.Statuses[0].Channels = []string{"x"} }, `names service channel "x"`, "a status lists channels that are there"},
		"User":        {func(a *tenant.Tenant) { a.Salesforce.Integration[0].Username = "x@y" }, `names user "x@y"`, "an integration runs as somebody"},
		"Certificate": {func(a *tenant.Tenant) { a.Salesforce.Integration[0].Certificate = "x" }, "not a PEM certificate", "a certificate must be one"},
		"Key":         {func(a *tenant.Tenant) { a.CXone.AccessKeys[0].User = "x@y" }, `names agent "x@y"`, "a key belongs to somebody"},
		"CodeTeam":    {func(a *tenant.Tenant) { a.CXone.Codes[0].Teams = []string{"x"} }, `names team "x"`, "a code is on teams that are there"},
		"Licences":    {func(a *tenant.Tenant) { a.Salesforce.Packages[0].Allowed = 3 }, "which allows 3", "no more licences than allowed"},
		"SiteLicence": {func(a *tenant.Tenant) { a.Salesforce.Packages[0].Allowed = -1 }, "", "-1 is for everybody"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			acme := tenant.Acme()
			tc.change(acme)
			err := acme.Validate()
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("%s: got %v, want it to contain %q", tc.reason, err, tc.want)
			}
		})
	}
}
