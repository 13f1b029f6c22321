package salesforce

import (
	"crypto/subtle"
	"net/http"
)

// lastLogin is the last version with login(): 65.0 has none (VERIFIED).
const lastLogin = 64

// soapPartner answers the partner API's login(), which old clients still call.
// The rest of the partner API is not here.
func (o *Org) soapPartner(w http.ResponseWriter, r *http.Request) {
	response, f := o.login(r)
	if f != nil {
		writeFault(w, partnerNS, f)
		return
	}
	writeSOAP(w, partnerNS, response)
}

func (o *Org) login(r *http.Request) (*node, *fault) {
	version, f := soapVersion(r)
	if f != nil {
		return nil, f
	}
	e, f := readEnvelope(r, partnerNS)
	if f != nil {
		return nil, f
	}
	if e.operation.name != "login" || version > lastLogin {
		return nil, noOperation(e.operation)
	}
	if o.meta.rules.LoginPassword == "" {
		return nil, sfFault("INVALID_OPERATION", "SOAP API login() is disabled by default in this org.") // VERIFIED text
	}
	user := o.store.find("User", "Username", e.operation.get("username"))
	wanted, given := o.meta.rules.LoginPassword, e.operation.get("password")
	if user == nil || user["IsActive"] != true || !o.permitted(user.text("Id"), "ModifyMetadata") ||
		subtle.ConstantTimeCompare([]byte(wanted), []byte(given)) == 0 {
		return nil, sfFault("INVALID_LOGIN", "Invalid username, password, security token; or user locked out.")
	}
	return o.loginResponse(r, formatVersion(version), user), nil
}

func (o *Org) loginResponse(r *http.Request, version string, user row) *node {
	org := o.organization()
	tail := version + "/" + org[:15]
	session := o.open(client{id: "soap login"}, user)
	return tree("loginResponse", tree("result",
		leaf("metadataServerUrl", o.instanceURL(r)+"/services/Soap/m/"+tail),
		leaf("passwordExpired", "false"),
		leaf("sandbox", formatBool(o.tenant.Salesforce.Sandbox)),
		leaf("serverUrl", o.instanceURL(r)+"/services/Soap/u/"+tail),
		leaf("sessionId", session.token),
		leaf("userId", session.userID),
		tree("userInfo",
			leaf("organizationId", org),
			leaf("organizationName", o.tenant.Salesforce.Name),
			leaf("userEmail", user.text("Email")),
			leaf("userFullName", user.text("Name")),
			leaf("userId", session.userID),
			leaf("userName", session.username),
		),
	))
}
