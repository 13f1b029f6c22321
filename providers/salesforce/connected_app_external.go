package salesforce

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
	"github.com/lockstep-sync/lockstep/schema"
)

// An External Client App is five components that are joined by its full name
// (VERIFIED). The names of the other four are what Salesforce's own tools give
// them; an app made in Setup may have others, which are then looked up.
const (
	globalOAuthType   = "ExtlClntAppGlobalOauthSettings"
	oauthSettingsType = "ExtlClntAppOauthSettings"
	oauthPolicyType   = "ExtlClntAppOauthConfigurablePolicies"
	appPolicyType     = "ExtlClntAppConfigurablePolicies"

	parentElement = "externalClientApplication"
)

func globalOAuthName(app string) string   { return app + "_glbloauth" }
func oauthSettingsName(app string) string { return app + "_oauth" }

// newExternalApp makes the five components. The key and the secret are left
// to Salesforce: one that is sent does not become usable (SECONDARY).
func newExternalApp(o *schema.Object) []Component {
	name, label := o.Key(), o.Text("label")
	return []Component{
		{Type: externalAppType, FullName: name, Body: Element(externalAppType,
			Leaf("contactEmail", o.Text("contact_email")),
			Leaf("distributionState", "Local"),
			Leaf("isProtected", "false"),
			Leaf("label", label))},
		newGlobalOAuth(o),
		newOAuthSettings(o),
		{Type: oauthPolicyType, FullName: name + "_oauthPlcy", Body: Element(oauthPolicyType,
			Leaf(parentElement, name),
			Leaf("ipRelaxationPolicyType", "Enforce"),
			Leaf("label", label),
			Leaf("permittedUsersPolicyType", "AllSelfAuthorized"),
			Leaf("refreshTokenPolicyType", "Infinite"))},
		{Type: appPolicyType, FullName: name + "_plcy", Body: Element(appPolicyType,
			Leaf(parentElement, name),
			Leaf("isEnabled", "true"),
			Leaf("isOauthPluginEnabled", "true"),
			Leaf("label", label))},
	}
}

func newGlobalOAuth(o *schema.Object) Component {
	body := Element(globalOAuthType, Leaf(parentElement, o.Key()), Leaf("label", o.Text("label")))
	updateGlobalOAuth(body, o)
	return Component{Type: globalOAuthType, FullName: globalOAuthName(o.Key()), Body: body}
}

func newOAuthSettings(o *schema.Object) Component {
	return Component{Type: oauthSettingsType, FullName: oauthSettingsName(o.Key()), Body: Element(oauthSettingsType,
		Leaf("commaSeparatedOauthScopes", strings.Join(metadataScopes(o.Texts("scopes")), ",")),
		Leaf(parentElement, o.Key()),
		Leaf("label", o.Text("label")))}
}

// updateExternalApp rewrites those of the components whose values change.
func updateExternalApp(p *part, seen appSeen) {
	o := p.step.Wanted
	changed := func(paths ...string) bool {
		for _, path := range paths {
			if p.step.Changed(path) != nil {
				return true
			}
		}
		return false
	}
	if changed("label", "contact_email") {
		p.rewrite(externalAppType, o.Key(), func(body *Node) error {
			body.Set("label", o.Text("label"))
			body.Set("contactEmail", o.Text("contact_email"))
			return nil
		})
	}
	switch {
	case !changed("callback_url", "require_secret_for_web_server_flow", "require_secret_for_refresh_token_flow", "pkce"):
	case seen.globalOAuth == "": // an app that has no OAuth settings yet
		p.deploy(newGlobalOAuth(o))
	default:
		p.rewrite(globalOAuthType, seen.globalOAuth, func(body *Node) error {
			updateGlobalOAuth(body, o)
			return nil
		})
	}
	switch {
	case !changed("scopes"):
	case seen.oauth == "":
		p.deploy(newOAuthSettings(o))
	default:
		p.rewrite(oauthSettingsType, seen.oauth, func(body *Node) error {
			body.Set("commaSeparatedOauthScopes", strings.Join(metadataScopes(o.Texts("scopes")), ","))
			return nil
		})
	}
}

func updateGlobalOAuth(body *Node, o *schema.Object) {
	body.Remove("consumerKey", nil) // settable at creation only
	body.Remove("consumerSecret", nil)
	body.Set("callbackUrl", callbackURLs(o))
	body.Set("isConsumerSecretOptional", fmt.Sprint(!o.Bool("require_secret_for_web_server_flow")))
	body.Set("isSecretRequiredForRefreshToken", fmt.Sprint(o.Bool("require_secret_for_refresh_token_flow")))
	if o.Get("pkce") != nil {
		body.Set("isPkceRequired", fmt.Sprint(o.Bool("pkce")))
	}
	// true would replace them on every deploy (VERIFIED).
	body.Set("shouldRotateConsumerKey", "false")
	body.Set("shouldRotateConsumerSecret", "false")
}

// readExternalApps reads External Client Apps, ten to a call for each of the
// three types that hold what Lockstep manages, and their credentials, two
// calls each.
func (r *reading) readExternalApps(ctx context.Context, q question, apps []*schema.Object) error {
	if err := r.checkBeforeCreating(ctx, q, apps); err != nil || len(apps) == 0 {
		return err
	}
	for _, held := range apps {
		r.apps[held.Key()] = appSeen{typ: externalAppType}
	}
	usage, err := r.appUsage(ctx)
	if err != nil {
		return fmt.Errorf("list app usage: %w", err)
	}
	parts, err := r.readAppParts(ctx, apps)
	if err != nil {
		return err
	}
	for _, held := range apps {
		body := parts[externalAppType][held.Key()]
		if body == nil {
			continue
		}
		fillExternalApp(held, body, parts[globalOAuthType][held.Key()], parts[oauthSettingsType][held.Key()])
		r.found(held)
		if held.Address == "" {
			continue // to be removed; nobody needs its secret
		}
		if err := r.readCredentials(ctx, held, usage[held.Key()]); credentialsRefused(err) {
			r.fault(secretsOff(held))
		} else if err != nil {
			return err
		}
	}
	return nil
}

const (
	appSettingsType   = "ExternalClientAppSettings"
	appSettingsName   = "ExternalClientApp"
	appSecretsSetting = "enableClientSecretInRestApiAccess"
)

// checkBeforeCreating looks, when an app will be made, whether its secret will
// be readable: better to say so before than after.
func (r *reading) checkBeforeCreating(ctx context.Context, q question, external []*schema.Object) error {
	var creates []*schema.Object
	for _, o := range q.wanted {
		_, classic := r.apps[o.Key()]
		if !classic && !slices.ContainsFunc(external, func(e *schema.Object) bool { return e.Key() == o.Key() }) {
			creates = append(creates, o)
		}
	}
	if len(creates) == 0 {
		return nil
	}
	settings, err := r.readBodies(ctx, appSettingsType, []string{appSettingsName})
	if err != nil {
		return err
	}
	if body := settings[appSettingsName]; body != nil && !truth(body.Text(appSecretsSetting), false) {
		for _, o := range creates {
			r.fault(secretsOff(o))
		}
	}
	return nil
}

func fillExternalApp(held *schema.Object, app, global, oauth *Node) {
	held.Set("type", schema.String(typeExternalClientApp))
	held.Set("label", schema.String(app.Text("label")))
	held.Set("contact_email", schema.String(app.Text("contactEmail")))
	held.Set("callback_url", schema.Strings(strings.Fields(global.Text("callbackUrl"))...))
	held.Set("scopes", schema.Strings(canonical(strings.Split(oauth.Text("commaSeparatedOauthScopes"), ","))...))
	held.Set("require_secret_for_web_server_flow", schema.Bool(!truth(global.Text("isConsumerSecretOptional"), false)))
	held.Set("require_secret_for_refresh_token_flow", schema.Bool(truth(global.Text("isSecretRequiredForRefreshToken"), true)))
	held.Set("pkce", schema.Bool(truth(global.Text("isPkceRequired"), true)))
}

// readAppParts reads the apps and their settings, by type and by app. Settings
// that go by other names than ours are looked up by the app they belong to.
func (r *reading) readAppParts(ctx context.Context, apps []*schema.Object) (map[string]map[string]*Node, error) {
	parts := map[string]map[string]*Node{}
	var err error
	if parts[externalAppType], err = r.readBodies(ctx, externalAppType, keys(apps)); err != nil {
		return nil, err
	}
	names := map[string]func(string) string{globalOAuthType: globalOAuthName, oauthSettingsType: oauthSettingsName}
	for _, typ := range []string{globalOAuthType, oauthSettingsType} {
		if parts[typ], err = r.readSettings(ctx, typ, apps, names[typ]); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// readSettings reads one settings component for each app and remembers its
// name.
func (r *reading) readSettings(ctx context.Context, typ string, apps []*schema.Object, name func(string) string) (map[string]*Node, error) {
	byApp := map[string]*Node{}
	wanted := make([]string, len(apps))
	for i, o := range apps {
		wanted[i] = name(o.Key())
	}
	bodies, err := r.readBodies(ctx, typ, wanted)
	if err != nil {
		return nil, err
	}
	if len(bodies) < len(apps) {
		if bodies, err = r.readAll(ctx, typ); err != nil {
			return nil, err
		}
	}
	for fullName, body := range bodies {
		app := body.Text(parentElement)
		if app == "" {
			continue
		}
		byApp[app] = body
		seen := r.apps[app]
		seen.typ = externalAppType
		if typ == globalOAuthType {
			seen.globalOAuth = fullName
		} else {
			seen.oauth = fullName
		}
		r.apps[app] = seen
	}
	return byApp, nil
}

// readAll reads every component of a type.
func (r *reading) readAll(ctx context.Context, typ string) (map[string]*Node, error) {
	listed, err := r.conn.ListMetadata(ctx, typ)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", typ, err)
	}
	names := make([]string, len(listed))
	for i, f := range listed {
		names[i] = f.FullName
	}
	return r.readBodies(ctx, typ, names)
}

// appUsage lists the apps with the identifiers that the credentials endpoints
// want, by API name (VERIFIED in working clients).
func (r *reading) appUsage(ctx context.Context) (map[string]string, error) {
	byName := map[string]string{}
	for path := "/apps/oauth/usage"; path != ""; {
		var page struct {
			Apps []struct{ DeveloperName, Identifier string }
			// The paging's names are UNCERTAIN; without them one page is all.
			NextPageURL string `json:"nextPageUrl"`
		}
		if err := r.conn.Get(ctx, path, &page); err != nil {
			return nil, err
		}
		for _, app := range page.Apps {
			byName[app.DeveloperName] = app.Identifier
		}
		path = relative(page.NextPageURL)
	}
	return byName, nil
}

// relative returns a vendor's path without the version in front.
func relative(path string) string {
	if _, rest, ok := strings.Cut(path, "/services/data/"); ok {
		if i := strings.Index(rest, "/"); i >= 0 {
			return rest[i:]
		}
	}
	return path
}

// readCredentials reads the key and the secret of one app.
func (r *reading) readCredentials(ctx context.Context, held *schema.Object, identifier string) error {
	if identifier == "" {
		// Too new to be listed: key and secret are there, and known later.
		held.Set("consumer_key", schema.Unknown{})
		held.Set("consumer_secret", schema.Unknown{})
		return nil
	}
	var consumers struct {
		Consumers []struct{ ID string }
	}
	path := "/apps/oauth/credentials/" + url.PathEscape(identifier)
	if err := r.conn.Get(ctx, path, &consumers); err != nil {
		return fmt.Errorf("list consumers of %s: %w", held.Key(), err)
	}
	if len(consumers.Consumers) == 0 {
		return nil
	}
	var pair struct{ Key, Secret string }
	if err := r.conn.Get(ctx, path+"/"+url.PathEscape(consumers.Consumers[0].ID)+"?part=keyandsecret", &pair); err != nil {
		return fmt.Errorf("read credentials of %s: %w", held.Key(), err)
	}
	held.Set("consumer_key", schema.String(pair.Key))
	if pair.Secret != "" {
		secret := schema.NewSecret(pair.Secret, "External Client App "+held.Key())
		r.conn.scrubber.Add(secret) // no vendor's message may repeat it
		held.Set("consumer_secret", secret)
	}
	return nil
}

// credentialsRefused reports that the org, or the user's permissions, keep the
// credentials endpoints closed.
func credentialsRefused(err error) bool {
	return rest.StatusOf(err) == http.StatusForbidden && rest.CodeOf(err) != "REQUEST_LIMIT_EXCEEDED"
}

func secretsOff(o *schema.Object) schema.Diagnostic {
	return schema.ErrorAt(o, "", "Consumer secrets cannot be read",
		"The org does not tell the key and secret of External Client Apps. In Setup > External Client Apps > Settings, allow access to consumer secrets through the REST API "+
			"(metadata "+appSettingsType+", "+appSecretsSetting+"), and give the signed-in user the permissions External Client App Developer and View Client Secret.")
}
