package cxone

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
)

// readFault finds the vendor's words in an error answer. The ACD often gives
// an empty body and the reason in a header; its JSON, the sign-in's and
// UserHub's have a shape each (VERIFIED).
func readFault(_ int, header http.Header, body []byte) rest.Fault {
	var answer Loose
	_ = json.Unmarshal(body, &answer) // HTML and nothing have no words for us
	fault := rest.Fault{
		Code:    answer.Text("error", "code", "errorCode"),
		Message: header.Get("icStatusDescription"),
	}
	if fault.Message == "" {
		fault.Message = answer.Text("error_description", "errorDescription", "details", "message", "errors")
	}
	// UserHub writes the reason phrase into error: it is no code.
	if strings.Contains(fault.Code, " ") && fault.Message == "" {
		fault.Message = fault.Code
	}
	if strings.ContainsAny(fault.Code, " {[") {
		fault.Code = ""
	}
	return fault
}

// adviseOn returns the way out of an error, "" when none is known.
func adviseOn(e *rest.Error) string {
	signIn := strings.HasSuffix(e.Path, "/token/access-key") || strings.HasSuffix(e.Path, "/auth/token")
	switch {
	case signIn && e.Code == "invalid_client":
		return "check client_id and client_secret, or leave both out to sign in with the access key alone"
	case signIn && (e.Status == 400 || e.Status == 401 || e.Status == 403):
		return "check access_key_id and access_key_secret (a trailing = belongs to them), that the key is active and its user too; " +
			"credentials of the old Central token service do not work here"
	case strings.HasSuffix(e.Path, "/cxone-configuration") && (e.Status == 400 || e.Status == 404):
		return "set tenant_id to the tenant's UUID, and issuer to the one of its cloud (GovCloud has its own)"
	case e.Status == http.StatusUnauthorized:
		return "a new sign-in did not help: check that the access key's user is active"
	case e.Status == http.StatusForbidden:
		return "give the access key's user a role with this permission; changes of roles take up to six hours"
	case e.Status == http.StatusTooManyRequests:
		return "the tenant is asked too much: try again later, with less at once"
	}
	return ""
}
