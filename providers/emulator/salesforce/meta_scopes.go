package salesforce

import (
	"slices"
	"strings"
)

// oauthScopes are the scopes that the Metadata API knows (VERIFIED, the
// current WSDL's enum); their case matters. There is no ChatterApi.
const oauthScopes = " Basic Api Web Full Chatter CustomApplications RefreshToken OpenID Profile Email Address Phone OfflineAccess CustomPermissions " +
	"Wave Eclair Pardot Lightning Content CDPIngest CDPProfile CDPQuery Chatbot CDPSegment CDPIdentityResolution CDPCalculatedInsight ForgotPassword " +
	"UserRegistration SFAP Interaction CDP EinsteinGPT PwdlessLogin MCP SCRT DataCloudUserClaims A2A CmdbDiscovery SemanticLayer "

// checkScopes refuses names that are no scope.
func checkScopes(scopes []string) *problem {
	for _, scope := range scopes {
		if strings.Contains(scope, " ") || !strings.Contains(oauthScopes, " "+scope+" ") {
			return problemf("INVALID_TYPE", "'%s' is not a valid value for the enum 'ConnectedAppOauthAccessScope'", scope)
		}
	}
	return nil
}

// canonicalScopes returns scopes as they read back, each once: four of the
// values that may be written are stored as Basic, and OfflineAccess as
// RefreshToken (VERIFIED for connected apps).
func canonicalScopes(scopes []string) []string {
	var canonical []string
	for _, scope := range scopes {
		switch scope {
		case "Profile", "Email", "Address", "Phone":
			scope = "Basic"
		case "OfflineAccess":
			scope = "RefreshToken"
		}
		if !slices.Contains(canonical, scope) {
			canonical = append(canonical, scope)
		}
	}
	return canonical
}

// splitList reads a comma-separated element.
func splitList(text string) []string {
	var words []string
	for word := range strings.SplitSeq(text, ",") {
		if word = strings.TrimSpace(word); word != "" {
			words = append(words, word)
		}
	}
	return words
}
