package salesforce

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/schema"
)

// scopeNames pairs what OAuth calls a scope with what the Metadata API calls
// it (VERIFIED). The first name of a pair is how it reads back here.
//
// A deploy takes Profile, Email, Address, Phone and OfflineAccess, but what
// reads back is Basic and RefreshToken (VERIFIED): without this table every
// plan would show a change.
var scopeNames = [...]struct{ oauth, metadata string }{
	{"api", "Api"},
	{"web", "Web"},
	{"full", "Full"},
	{"visualforce", "CustomApplications"},
	{"refresh_token", "RefreshToken"},
	{"offline_access", "OfflineAccess"},
	{"id", "Basic"},
	{"profile", "Profile"},
	{"email", "Email"},
	{"address", "Address"},
	{"phone", "Phone"},
	{"openid", "OpenID"},
	{"chatter_api", "Chatter"},
	{"custom_permissions", "CustomPermissions"},
}

// canonicalScopes says which scopes read back under another name.
var canonicalScopes = map[string]string{
	"offline_access": "refresh_token",
	"profile":        "id", "email": "id", "address": "id", "phone": "id",
}

// otherScopes are the Metadata API's names of scopes whose OAuth names the
// contract does not hold; they are written as they are (VERIFIED list).
var otherScopes = [...]string{
	"Wave", "Eclair", "Pardot", "Lightning", "Content", "CDPIngest", "CDPProfile", "CDPQuery", "Chatbot", "CDPSegment",
	"CDPIdentityResolution", "CDPCalculatedInsight", "ForgotPassword", "UserRegistration", "SFAP", "Interaction", "CDP",
	"EinsteinGPT", "PwdlessLogin", "MCP", "SCRT", "DataCloudUserClaims", "A2A", "CmdbDiscovery", "SemanticLayer",
}

// oauthScope returns the canonical OAuth name of a scope written either way;
// ok is false when there is no such scope.
func oauthScope(name string) (scope string, ok bool) {
	name = strings.TrimSpace(name)
	for _, pair := range scopeNames {
		if name == pair.oauth || name == pair.metadata {
			if canonical, collapses := canonicalScopes[pair.oauth]; collapses {
				return canonical, true
			}
			return pair.oauth, true
		}
	}
	return name, slices.Contains(otherScopes[:], name)
}

// canonical returns scopes as they read back: each once, sorted.
func canonical(scopes []string) []string {
	var names []string
	for _, s := range scopes {
		if scope, _ := oauthScope(s); scope != "" && !slices.Contains(names, scope) {
			names = append(names, scope)
		}
	}
	slices.Sort(names)
	return names
}

// metadataScopes returns scopes as the Metadata API names them.
func metadataScopes(scopes []string) []string {
	names := canonical(scopes)
	for i, scope := range names {
		for _, pair := range scopeNames {
			if pair.oauth == scope {
				names[i] = pair.metadata
			}
		}
	}
	return names
}

func sameScopes(wanted, held schema.Value) bool {
	w, _ := wanted.(schema.List)
	h, _ := held.(schema.List)
	return slices.Equal(canonical(texts(w)), canonical(texts(h)))
}

func checkScopes(v schema.Value) string {
	list, _ := v.(schema.List)
	for _, e := range list {
		if _, ok := oauthScope(schema.Text(e)); !ok {
			known := make([]string, 0, len(scopeNames))
			for _, pair := range scopeNames {
				known = append(known, pair.oauth)
			}
			return fmt.Sprintf("%q is no OAuth scope of Salesforce. %s", schema.Text(e), suggest(schema.Text(e), known))
		}
	}
	return ""
}
