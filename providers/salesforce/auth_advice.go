package salesforce

import (
	"strings"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
)

// advice is a way out of an error that is known by its code and, where one
// code has several meanings, by a part of its message.
type advice struct{ code, part, text string }

// waysOut lists what the vendor says and what to do about it; the first that
// matches counts. The texts of the vendor are VERIFIED but for "audience is
// invalid", "expired access/refresh token", inactive_user and inactive_org,
// which are from memory (UNCERTAIN); a text that never comes does no harm.
func waysOut() []advice {
	return []advice{
		{"invalid_grant", "expired authorization code",
			"the assertion was expired when it arrived: set this machine's clock"},
		{"invalid_grant", "user hasn't approved this consumer",
			"pre-authorize the user: in the app's policies, set permitted users to admin approved, and add the user's profile or permission set"},
		{"invalid_grant", "request not supported on this domain",
			"set instance_url to the org's own My Domain address (https://<domain>.my.salesforce.com), not a login or setup host"},
		{"invalid_grant", "no client credentials user enabled",
			"choose a run-as user in the app's policies, under client credentials flow"},
		{"invalid_grant", "audience is invalid",
			"a sandbox needs https://test.salesforce.com, production https://login.salesforce.com: set sandbox or audience"},
		{"invalid_grant", "authentication failure",
			"check the username, that the user is active, and that login hours and IP ranges allow this machine"},
		{"invalid_grant", "expired access/refresh token",
			"authorize the app again and give the new refresh token"},
		{"invalid_grant", "", "check the username, the user's access to the app, and the app's policies"},
		{"invalid_app_access", "",
			"an administrator must allow the user: add the user's profile or permission set to the app's policies"},
		{"invalid_client_id", "",
			"check client_id; an app that was just made takes some minutes to be known, so wait and try again"},
		{"invalid_client", "",
			"check client_id and client_secret, and for jwt_bearer that the app holds the certificate of this private key"},
		{"unsupported_grant_type", "",
			"switch this flow on in the app's OAuth settings"},
		{"inactive_user", "", "activate the user, or sign in as another"},
		{"inactive_org", "", "the org is locked or gone: check instance_url"},

		{"INVALID_SESSION_ID", notAttached, "the app may not be used for API calls: sign in through another app"},
		{"INVALID_SESSION_ID", notForREST, "give the app the api scope, and the user API Enabled"},
		{"INVALID_SESSION_ID", "", "the session ended and a new one did not help: give a fresh access_token, or check the session policies of the org"},
		{"REQUEST_LIMIT_EXCEEDED", "TotalRequests",
			"the org has used up its API calls of the last 24 hours: wait until they age out, or have the allocation raised"},
		{"REQUEST_LIMIT_EXCEEDED", "", "too many long requests run in the org at once: try again later"},
		{"INSUFFICIENT_ACCESS", "",
			"the signed-in user lacks a permission: lockstep doctor lists those that are needed, and which are missing"},
		{"API_DISABLED_FOR_ORG", "", "give the user API Enabled; some editions have no API at all"},
		{"API_CURRENTLY_DISABLED", "", "give the user API Enabled"},
		{"UNSUPPORTED_API_VERSION", "", "set api_version to one that the org offers"},
	}
}

// Messages of two 401s that no new session heals.
const (
	notAttached = "Connected app is not attached to Agent"
	notForREST  = "This session is not valid for use with the REST API"
)

// adviseOn returns the way out of an error, "" when none is known.
func adviseOn(e *rest.Error) string {
	for _, a := range waysOut() {
		if a.code == e.Code && containsFold(e.Message, a.part) {
			return a.text
		}
	}
	switch e.Status {
	case 410:
		return "the API version is retired: leave api_version out"
	case 420:
		return "the org is gone, as scratch orgs and deleted sandboxes are: check instance_url"
	}
	return ""
}

func containsFold(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

// isExpired reports whether a new session may help. SOAP says it with status
// 500, REST with 401.
func isExpired(err error) bool {
	if rest.CodeOf(err) != "INVALID_SESSION_ID" {
		return false
	}
	text := err.Error()
	return !containsFold(text, notAttached) && !containsFold(text, notForREST)
}
