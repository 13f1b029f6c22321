package salesforce

import (
	"errors"
	"fmt"

	"github.com/lockstep-sync/lockstep/schema"
)

// The environment variables that complete a block without a way of signing in.
const (
	envInstanceURL  = "SALESFORCE_INSTANCE_URL"
	envPubSub       = "SALESFORCE_PUBSUB_ENDPOINT"
	envClientID     = "SALESFORCE_CLIENT_ID"
	envClientSecret = "SALESFORCE_CLIENT_SECRET" //nolint:gosec // the variable's name, not its value
)

func providerShape() *schema.Shape {
	clientID := func(env string) schema.Argument {
		return schema.Argument{Name: "client_id", Type: schema.TextType(), Required: true, Env: env, Doc: "The consumer key of the app to sign in through."}
	}
	clientSecret := func(env string, required bool) schema.Argument {
		return schema.Argument{Name: "client_secret", Type: schema.TextType(), Required: required, Secret: true, Env: env, Doc: "The consumer secret of the app to sign in through."}
	}
	return schema.NewShape(
		schema.Argument{Name: "instance_url", Type: schema.TextType(), Required: true, Env: envInstanceURL,
			Doc: "The org's My Domain address, such as https://acme.my.salesforce.com."},
		schema.Argument{Name: "organization_id", Type: schema.TextType(), Check: checkOrganizationID,
			Doc: "A pin: any other org is refused."},
		schema.Argument{Name: "sandbox", Type: schema.TruthType(),
			Doc: "A pin: whether the org must be a sandbox, or must not."},
		schema.Argument{Name: "api_version", Type: schema.TextType(), Default: schema.String(DefaultAPIVersion),
			Doc: "The API version, at least " + MinimumAPIVersion + "."},
		schema.Argument{Name: "pubsub_endpoint", Type: schema.TextType(), Env: envPubSub, DefaultDoc: DefaultPubSubEndpoint,
			Doc: "Where run subscribes to changes of presence: a host and port that speak TLS. http:// is taken on loopback only, for the emulator."},
		block("jwt_bearer", "Signs in with a certificate's private key as a pre-authorised user.",
			clientID(""),
			schema.Argument{Name: "username", Type: schema.TextType(), Required: true, Doc: "Whom to sign in as."},
			schema.Argument{Name: "private_key", Type: schema.TextType(), Required: true, Secret: true, Doc: "The private key, PEM, that belongs to the app's certificate."},
			schema.Argument{Name: "audience", Type: schema.TextType(), DefaultDoc: "https://login.salesforce.com, https://test.salesforce.com for sandboxes", Doc: "The audience of the assertion."},
		),
		block("client_credentials", "Signs in as the app's run-as user.",
			clientID(envClientID), clientSecret(envClientSecret, true)),
		block("refresh_token", "Signs in with a refresh token.",
			clientID(""), clientSecret("", false),
			schema.Argument{Name: "refresh_token", Type: schema.TextType(), Required: true, Secret: true, Doc: "The refresh token."}),
		schema.Argument{Name: "access_token", Type: schema.TextType(), Secret: true,
			Doc: "The token of a session that somebody else opened; it is never renewed."},
	)
}

func block(name, doc string, arguments ...schema.Argument) schema.Argument {
	return schema.Argument{Name: name, Type: schema.RecordOf(arguments...), Nested: true, Doc: doc}
}

func checkOrganizationID(v schema.Value) string {
	id := schema.Text(v)
	if _, ok := LongID(id); ok {
		return ""
	}
	return fmt.Sprintf("%q is no organization ID: one has 15 characters, or 18 with the right last three. Setup > Company Information shows it.", id)
}

// OptionsFrom reads a provider block. Exactly one way of signing in may be
// given; with none, the environment's client credentials are used, so that
// provider "salesforce" {} is complete. Getenv is os.Getenv or a stand-in.
func OptionsFrom(block schema.Record, getenv func(string) string) (Options, error) {
	o := Options{
		InstanceURL:    orEnv(block.Text("instance_url"), envInstanceURL, getenv),
		OrganizationID: block.Text("organization_id"),
		APIVersion:     block.Text("api_version"),
		PubSubEndpoint: orEnv(block.Text("pubsub_endpoint"), envPubSub, getenv),
		AccessToken:    block.Secret("access_token"),
	}
	if sandbox, ok := block.Get("sandbox").(schema.Bool); ok {
		pin := bool(sandbox)
		o.Sandbox = &pin
	}
	readFlows(&o, block, getenv)
	if o.JWTBearer == nil && o.ClientCredentials == nil && o.RefreshToken == nil && o.AccessToken.IsZero() {
		o.ClientCredentials = &ClientCredentials{ClientID: getenv(envClientID), ClientSecret: secretEnv(getenv)}
		if o.ClientCredentials.ClientID == "" || o.ClientCredentials.ClientSecret.IsZero() {
			return o, ErrNoFlow
		}
	}
	return o, o.Check()
}

// ErrNoFlow is about a block, and an environment, without a way of signing in.
var ErrNoFlow = errors.New("no way of signing in is given: add a block jwt_bearer, client_credentials or refresh_token, or access_token, or set " + envClientID + " and " + envClientSecret)

func readFlows(o *Options, block schema.Record, getenv func(string) string) {
	if jwt, ok := block.Record("jwt_bearer"); ok {
		o.JWTBearer = &JWTBearer{ClientID: jwt.Text("client_id"), Username: jwt.Text("username"), PrivateKey: jwt.Secret("private_key"), Audience: jwt.Text("audience")}
	}
	if flow, ok := block.Record("client_credentials"); ok {
		o.ClientCredentials = &ClientCredentials{ClientID: orEnv(flow.Text("client_id"), envClientID, getenv), ClientSecret: flow.Secret("client_secret")}
		if o.ClientCredentials.ClientSecret.IsZero() {
			o.ClientCredentials.ClientSecret = secretEnv(getenv)
		}
	}
	if flow, ok := block.Record("refresh_token"); ok {
		o.RefreshToken = &RefreshToken{ClientID: flow.Text("client_id"), ClientSecret: flow.Secret("client_secret"), RefreshToken: flow.Secret("refresh_token")}
	}
}

func orEnv(text, variable string, getenv func(string) string) string {
	if text != "" {
		return text
	}
	return getenv(variable)
}

func secretEnv(getenv func(string) string) schema.Secret {
	return schema.NewSecret(getenv(envClientSecret), "environment variable "+envClientSecret)
}
