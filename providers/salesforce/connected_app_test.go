package salesforce_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	provider "github.com/lockstep-sync/lockstep/providers/salesforce"
	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/schema"
)

func connector(t *testing.T, with values) *schema.Object {
	arguments := values{
		"contact_email": schema.String("crm-team@acme.example"),
		"callback_url":  schema.Strings("https://callback.acme.example/oauth"),
		"scopes":        schema.Strings("visualforce", "full", "api", "web", "refresh_token"),
	}
	maps.Copy(arguments, with)
	return declare(t, "connected_app", "Salesforce_Connector", arguments)
}

func TestExternalClientAppLife(t *testing.T) { synctest.Test(t, testExternalClientAppLife) }

func testExternalClientAppLife(t *testing.T) {
	o := acme(t, nil)
	o.apply(wanted(connector(t, nil)))

	held, err := o.provider.Read(t.Context(), schema.Query{Wanted: []*schema.Object{connector(t, nil)}})
	if err != nil || len(held.Objects) != 1 {
		t.Fatalf("read: %v %v", held, err)
	}
	app := held.Objects[0]
	if app.Text("type") != "external_client_app" || app.Text("consumer_key") == "" {
		t.Errorf("type %q, key %q", app.Text("type"), app.Text("consumer_key"))
	}
	if secret := app.Secret("consumer_secret"); secret.IsZero() || strings.Contains(fmt.Sprintf("%+v", app.Record), secret.Reveal()) {
		t.Error("the secret is missing, or can be printed")
	}

	// Every argument changes by itself, and each change settles.
	changes := values{
		"label":                                 schema.String("Connector"),
		"contact_email":                         schema.String("other@acme.example"),
		"callback_url":                          schema.Strings("https://one.acme.example/oauth", "https://two.acme.example/oauth"),
		"scopes":                                schema.Strings("api", "offline_access", "profile"),
		"require_secret_for_web_server_flow":    schema.Bool(false),
		"require_secret_for_refresh_token_flow": schema.Bool(false),
		"pkce":                                  schema.Bool(false),
	}
	for name, v := range changes {
		o.apply(wanted(connector(t, values{name: v})))
	}
	o.apply(reconcile.Wanted{Removed: []schema.Removal{removal(t, "connected_app", "Salesforce_Connector")}})
}

func TestConnectedAppIsAdopted(t *testing.T) { synctest.Test(t, testConnectedAppIsAdopted) }

func testConnectedAppIsAdopted(t *testing.T) {
	o := acme(t, func(s *tenant.Tenant) {
		s.Salesforce.ConnectedApps = append(s.Salesforce.ConnectedApps, tenant.App{
			Name: "Salesforce_Connector", Label: "Old", ContactEmail: "old@acme.example", CallbackURL: "https://old.acme.example/oauth",
			Scopes: []string{"Api"}, ConsumerKey: "3MVG9oldkey", ConsumerSecret: "oldsecret",
		})
	})
	o.apply(wanted(connector(t, nil)))
	held, err := o.provider.Read(t.Context(), schema.Query{Wanted: []*schema.Object{connector(t, nil)}})
	if err != nil {
		t.Fatal(err)
	}
	app := held.Objects[0]
	if app.Text("type") != "connected_app" || app.Text("consumer_key") != "3MVG9oldkey" {
		t.Errorf("type %q, key %q", app.Text("type"), app.Text("consumer_key"))
	}
	if app.Get("consumer_secret") != nil {
		t.Error("the secret of a connected app cannot be read, and yet is there")
	}
	o.apply(reconcile.Wanted{Removed: []schema.Removal{removal(t, "connected_app", "Salesforce_Connector")}})
}

// deployByHand puts components into the org past the plan.
func (o *org) deployByHand(t *testing.T, components ...provider.Component) {
	t.Helper()
	result, err := provider.Connect(o.options()).Deploy(t.Context(), provider.Package{Components: components}, provider.DeployOptions{})
	if err != nil || result.Err() != nil {
		t.Fatalf("deploy by hand: %v %v", err, result.Err())
	}
}

// handMade is an External Client App whose settings go by names that Setup
// gave them.
func handMade() []provider.Component {
	leaf, element := provider.Leaf, provider.Element
	parent := leaf("externalClientApplication", "Salesforce_Connector")
	return []provider.Component{
		{Type: "ExternalClientApplication", FullName: "Salesforce_Connector", Body: element("", leaf("contactEmail", "old@acme.example"), leaf("distributionState", "Local"), leaf("label", "Old"))},
		{Type: "ExtlClntAppGlobalOauthSettings", FullName: "Made_in_Setup_1", Body: element("", leaf("callbackUrl", "https://old.acme.example/oauth"), parent, leaf("label", "Old"))},
		{Type: "ExtlClntAppOauthSettings", FullName: "Made_in_Setup_2", Body: element("", leaf("commaSeparatedOauthScopes", "Api"), parent, leaf("label", "Old"))},
	}
}

func TestExternalClientAppIsAdopted(t *testing.T) { synctest.Test(t, externalClientAppIsAdopted) }

func externalClientAppIsAdopted(t *testing.T) {
	for _, parts := range []int{3, 1} { // with settings of other names, and with none
		o := acme(t, nil)
		o.deployByHand(t, handMade()[:parts]...)
		o.apply(wanted(connector(t, nil)))
		o.apply(reconcile.Wanted{Removed: []schema.Removal{removal(t, "connected_app", "Salesforce_Connector")}})
	}
}

func TestAppOfBothTypes(t *testing.T) { synctest.Test(t, appOfBothTypes) }

func appOfBothTypes(t *testing.T) {
	o := acme(t, func(s *tenant.Tenant) {
		s.Salesforce.ConnectedApps = append(s.Salesforce.ConnectedApps, tenant.App{
			Name: "Salesforce_Connector", Label: "Old", ContactEmail: "old@acme.example", CallbackURL: "https://old.acme.example/oauth",
			Scopes: []string{"Api"}, ConsumerKey: "3MVG9oldkey", ConsumerSecret: "oldsecret",
		})
	})
	o.deployByHand(t, handMade()...)
	o.refused(wanted(connector(t, nil)), "App of both types", "Salesforce_Connector")
}

func TestAppThatDiffersInCase(t *testing.T) { synctest.Test(t, appThatDiffersInCase) }

func appThatDiffersInCase(t *testing.T) {
	o := acme(t, nil)
	o.deployByHand(t, handMade()...)
	app := connector(t, nil)
	app.Set("api_name", schema.String("salesforce_connector"))
	o.refused(wanted(app), "API name that differs in case", "Salesforce_Connector")
}

func TestSecretsSwitchedOff(t *testing.T) { synctest.Test(t, testSecretsSwitchedOff) }

func testSecretsSwitchedOff(t *testing.T) {
	o := acme(t, func(s *tenant.Tenant) { s.Salesforce.NoClientSecretAPI = true })
	o.refused(wanted(connector(t, nil)), "Consumer secrets cannot be read", "enableClientSecretInRestApiAccess", "View Client Secret")
}
