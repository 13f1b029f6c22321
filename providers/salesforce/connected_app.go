package salesforce

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/schema"
)

const (
	connectedAppType = "ConnectedApp"
	externalAppType  = "ExternalClientApplication"

	typeConnectedApp      = "connected_app"
	typeExternalClientApp = "external_client_app"
)

var connectedApp = kind{
	Kind: schema.Kind{
		Name:     "connected_app",
		Provider: vendorName,
		Doc: "The OAuth app through which CXone reaches Salesforce. An app that exists is adopted and updated, whichever of the two types it has; " +
			"a new one is created as an External Client App, because nearly every org refuses new connected apps since Spring '26.",
		Key: "api_name",
		Shape: schema.NewShape(
			schema.Argument{Name: "api_name", Type: schema.TextType(), Required: true, Immutable: true, Check: checkDeveloperName,
				Doc: "The API name, by which both types of app are looked up."},
			schema.Argument{Name: "label", Type: schema.TextType(), Check: checkLabel, DefaultDoc: "the API name with spaces for underscores",
				Doc: "The name people see."},
			schema.Argument{Name: "contact_email", Type: schema.TextType(), Required: true, Check: checkEmail,
				Doc: "Whom Salesforce writes to about the app."},
			schema.Argument{Name: "callback_url", Type: callbackType(), Required: true, Check: checkHTTPS,
				Doc: "Where authorisation codes are sent: one https URL or several."},
			schema.Argument{Name: "scopes", Type: schema.SetOf(schema.TextType()), Required: true, Check: checkScopes, Same: sameScopes,
				Doc: "OAuth scopes as OAuth names them: visualforce, full, api, web, refresh_token (offline_access is the same) and others."},
			schema.Argument{Name: "require_secret_for_web_server_flow", Type: schema.TruthType(), Default: schema.Bool(true),
				Doc: "Whether the web-server flow needs the consumer secret."},
			schema.Argument{Name: "require_secret_for_refresh_token_flow", Type: schema.TruthType(), Default: schema.Bool(true),
				Doc: "Whether the refresh-token flow needs the consumer secret."},
			schema.Argument{Name: "pkce", Type: schema.TruthType(), DefaultDoc: "what the app has; the vendor requires it of new ones",
				Doc: "Whether the app requires Proof Key for Code Exchange."},
			schema.Argument{Name: "type", Type: schema.OneOf(typeConnectedApp, typeExternalClientApp), Computed: true,
				Doc: "Which of the two types the app has; it is never switched."},
			schema.Argument{Name: "consumer_key", Type: schema.TextType(), Computed: true,
				Doc: "The OAuth client ID."},
			schema.Argument{Name: "consumer_secret", Type: schema.TextType(), Computed: true, Optional: true, Secret: true, Unread: true,
				Doc: "The OAuth client secret. Salesforce tells it for External Client Apps only; for a connected app, give it here when another block refers to it."},
		),
		Cannot: []schema.Limit{
			{What: "create a connected app", Why: "Closed by default since Spring '26, through the API too (VERIFIED).",
				Then: "A new app is created as an External Client App."},
			{What: "read the secret of a connected app", Why: "It is shown only in Setup after identity verification (VERIFIED: nothing else was found).",
				Then: "Give consumer_secret in the block where something refers to it."},
			{What: "use the username-password flow with an External Client App", Why: "It is not available for them (VERIFIED).",
				Then: "An account mapping with a password over such an app is warned about."},
			{What: "switch the type of an app", Why: "They are different metadata types with keys of their own (VERIFIED).",
				Then: "The type that is there is kept; both present under one API name is an error."},
		},
		Deletable: true,
		Removal:   "Deletes the app; whatever signs in through it stops working.",
		Complete:  completeApp,
	},
	lists:  func(question) []string { return []string{connectedAppType, externalAppType} },
	read:   readApps,
	change: changeApp,
}

func callbackType() schema.Type {
	t := schema.SetOf(schema.TextType())
	t.Single = true
	return t
}

func completeApp(o *schema.Object) {
	if o.Get("label") == nil {
		o.Set("label", schema.String(strings.ReplaceAll(o.Key(), "_", " ")))
	}
}

// appMemory remembers, by API name, what a reading found of each app.
type appMemory map[string]appSeen

// An appSeen is one app: of which type, and, for an External Client App, what
// its settings are called.
type appSeen struct {
	typ                string // connectedAppType or externalAppType
	globalOAuth, oauth string
}

// readApps looks up both types by API name.
func readApps(ctx context.Context, q question, r *reading) error {
	found := appsByName(r.listing)
	folded := foldedNames(found)
	r.apps = appMemory{}
	var classic, external []*schema.Object
	for _, o := range targets(q) {
		switch seen := found[o.Key()]; {
		case seen.connected != nil && seen.external != nil:
			r.fault(bothTypes(o))
		case seen.connected != nil:
			classic = append(classic, listedAs(o, seen.connected))
		case seen.external != nil:
			external = append(external, listedAs(o, seen.external))
		case folded[strings.ToLower(o.Key())] != "" && o.Address != "":
			r.fault(schema.ErrorAt(o, "api_name", "API name that differs in case",
				fmt.Sprintf("The org has the app %q. Salesforce ignores case in API names, so %q cannot exist beside it. Write the name as the org has it.", folded[strings.ToLower(o.Key())], o.Key())))
		}
		delete(found, o.Key())
	}
	r.unmanaged(q.kind, len(found))
	if err := r.readConnectedApps(ctx, classic); err != nil {
		return err
	}
	return r.readExternalApps(ctx, q, external)
}

// targets makes an empty held object for each key that the question names.
func targets(q question) []*schema.Object {
	var objects []*schema.Object
	for _, o := range q.wanted {
		held := like(o)
		held.Source = o.Source
		objects = append(objects, held)
	}
	for _, m := range q.removed {
		objects = append(objects, gone(m))
	}
	return objects
}

// An appListing is what the listing says of one API name.
type appListing struct{ connected, external *FileProperties }

// appsByName sorts a listing; apps that packages brought are not ours.
func appsByName(listed []FileProperties) map[string]appListing {
	found := map[string]appListing{}
	for i := range listed {
		f := &listed[i]
		listing := found[f.FullName]
		switch {
		case f.NamespacePrefix != "":
			continue
		case f.Type == externalAppType:
			listing.external = f
		case f.Type == connectedAppType:
			listing.connected = f
		default:
			continue
		}
		found[f.FullName] = listing
	}
	return found
}

// foldedNames returns the names by their lower-case form.
func foldedNames(found map[string]appListing) map[string]string {
	folded := make(map[string]string, len(found))
	for name := range found {
		folded[strings.ToLower(name)] = name
	}
	return folded
}

func listedAs(o *schema.Object, f *FileProperties) *schema.Object {
	o.ID = f.ID
	o.Seen = schema.LastChange{By: f.LastModifiedBy, At: f.LastModifiedAt}
	return o
}

func bothTypes(o *schema.Object) schema.Diagnostic {
	return schema.ErrorAt(o, "api_name", "App of both types",
		fmt.Sprintf("The org has a connected app and an External Client App that are both called %q, so it cannot be told which one is meant. Delete or rename one of them in Setup > App Manager.", o.Key()))
}

// readConnectedApps reads classic connected apps. Their secret is never
// returned.
func (r *reading) readConnectedApps(ctx context.Context, apps []*schema.Object) error {
	bodies, err := r.readBodies(ctx, connectedAppType, keys(apps))
	if err != nil {
		return err
	}
	for _, held := range apps {
		body := bodies[held.Key()]
		if body == nil {
			continue
		}
		r.apps[held.Key()] = appSeen{typ: connectedAppType}
		oauth := body.Child("oauthConfig")
		var scopes []string
		if oauth != nil {
			for _, n := range oauth.Children("scopes") {
				scopes = append(scopes, n.Value)
			}
		}
		held.Set("type", schema.String(typeConnectedApp))
		held.Set("label", schema.String(body.Text("label")))
		held.Set("contact_email", schema.String(body.Text("contactEmail")))
		held.Set("callback_url", schema.Strings(strings.Fields(oauth.Text("callbackUrl"))...))
		held.Set("scopes", schema.Strings(canonical(scopes)...))
		held.Set("require_secret_for_web_server_flow", schema.Bool(!truth(oauth.Text("isConsumerSecretOptional"), false)))
		held.Set("require_secret_for_refresh_token_flow", schema.Bool(truth(oauth.Text("isSecretRequiredForRefreshToken"), true)))
		held.Set("pkce", schema.Bool(truth(oauth.Text("isPkceRequired"), false)))
		if key := oauth.Text("consumerKey"); key != "" {
			held.Set("consumer_key", schema.String(key))
		}
		r.found(held)
	}
	return nil
}

// readBodies reads components of one type, by full name.
func (r *reading) readBodies(ctx context.Context, typ string, names []string) (map[string]*Node, error) {
	bodies := make(map[string]*Node, len(names))
	if len(names) == 0 {
		return bodies, nil
	}
	components, err := r.conn.ReadMetadata(ctx, typ, names)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", typ, err)
	}
	for _, c := range components {
		bodies[c.FullName] = c.Body
	}
	return bodies, nil
}

func keys(objects []*schema.Object) []string {
	names := make([]string, len(objects))
	for i, o := range objects {
		names[i] = o.Key()
	}
	return names
}

// truth reads a boolean element; what is left out has the vendor's default.
func truth(text string, otherwise bool) bool {
	if text == "" {
		return otherwise
	}
	return text == "true"
}

func changeApp(p *part) {
	if p.org == nil {
		p.fail(errNotRead)
		return
	}
	if p.step.Action == schema.Create {
		p.deploy(newExternalApp(p.step.Wanted)...)
		return
	}
	seen := p.org.apps[p.step.Held.Key()]
	switch {
	case p.step.Action == schema.Delete:
		p.delete(Member{Type: seen.typ, FullName: p.step.Held.Key()})
	case seen.typ == connectedAppType:
		wanted := p.step.Wanted
		p.rewrite(connectedAppType, wanted.Key(), func(body *Node) error { return updateConnectedApp(body, wanted) })
	default:
		updateExternalApp(p, seen)
	}
}

// updateConnectedApp changes what Lockstep knows of a connected app. The key
// can be set at creation only, so it is not sent.
func updateConnectedApp(body *Node, o *schema.Object) error {
	oauth := body.Child("oauthConfig")
	if oauth == nil {
		oauth = Element("oauthConfig")
		body.Add(oauth)
	}
	body.Set("label", o.Text("label"))
	body.Set("contactEmail", o.Text("contact_email"))
	oauth.Remove("consumerKey", nil)
	oauth.Remove("scopes", nil)
	oauth.Set("callbackUrl", callbackURLs(o))
	for _, scope := range metadataScopes(o.Texts("scopes")) {
		oauth.Add(Leaf("scopes", scope))
	}
	oauth.Set("isConsumerSecretOptional", fmt.Sprint(!o.Bool("require_secret_for_web_server_flow")))
	oauth.Set("isSecretRequiredForRefreshToken", fmt.Sprint(o.Bool("require_secret_for_refresh_token_flow")))
	if o.Get("pkce") != nil {
		oauth.Set("isPkceRequired", fmt.Sprint(o.Bool("pkce")))
	}
	return nil
}

// callbackURLs joins several URLs by newlines (UNCERTAIN: not documented).
func callbackURLs(o *schema.Object) string {
	urls := o.Texts("callback_url")
	if one, ok := o.Get("callback_url").(schema.String); ok {
		urls = []string{string(one)}
	}
	slices.Sort(urls)
	return strings.Join(urls, "\n")
}
