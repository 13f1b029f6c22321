package salesforce

import (
	"net/http"
	"strings"
)

// userinfo tells a client who it is signed in as. The refusal is 403 with a
// text (UNCERTAIN: recalled, not in the contract).
func (o *Org) userinfo(w http.ResponseWriter, r *http.Request) {
	s, ok := o.bearer(r)
	if !ok {
		http.Error(w, "Bad_OAuth_Token", http.StatusForbidden)
		return
	}
	user := o.store.byID("User", s.userID)
	writeJSON(w, http.StatusOK, map[string]any{
		"sub": o.identityURL(r, s.userID), "user_id": s.userID, "organization_id": o.organization(),
		"preferred_username": s.username, "nickname": user.text("Alias"), "name": user.text("Name"),
		"email": user.text("Email"), "email_verified": true,
		"given_name": user.text("FirstName"), "family_name": user.text("LastName"),
		"zoneinfo": user.text("TimeZoneSidKey"), "locale": user.text("LocaleSidKey"), "language": user.text("LanguageLocaleKey"),
		"active": user["IsActive"], "user_type": "STANDARD", "is_app_installed": true, "urls": o.identityURLs(r, s.userID),
	})
}

// identity answers the URL that token answers give as id.
func (o *Org) identity(w http.ResponseWriter, r *http.Request) {
	s, ok := o.bearer(r)
	user := o.store.byID("User", r.PathValue("user"))
	if !ok || user == nil || user.text("Id") != s.userID {
		http.Error(w, "Bad_OAuth_Token", http.StatusForbidden)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"id": o.identityURL(r, s.userID), "asserted_user": true, "user_id": s.userID, "organization_id": o.organization(),
		"username": s.username, "nick_name": user.text("Alias"), "display_name": user.text("Name"), "email": user.text("Email"),
		"first_name": user.text("FirstName"), "last_name": user.text("LastName"), "active": user["IsActive"],
		"user_type": "STANDARD", "language": user.text("LanguageLocaleKey"), "locale": user.text("LocaleSidKey"),
		"last_modified_date": user.text("LastModifiedDate"), "urls": o.identityURLs(r, s.userID),
	})
}

func (o *Org) identityURLs(r *http.Request, userID string) map[string]string {
	base := o.instanceURL(r)
	return map[string]string{
		"rest":       base + "/services/data/v{version}/",
		"sobjects":   base + "/services/data/v{version}/sobjects/",
		"query":      base + "/services/data/v{version}/query/",
		"metadata":   base + "/services/Soap/m/{version}/" + o.organization(),
		"enterprise": base + "/services/Soap/c/{version}/" + o.organization(),
		"partner":    base + "/services/Soap/u/{version}/" + o.organization(),
		"profile":    base + "/" + userID,
	}
}

// revoke ends an access token or a refresh token.
func (o *Org) revoke(w http.ResponseWriter, r *http.Request) {
	token := r.FormValue("token")
	if _, live := o.session(token); live {
		delete(o.sessions, token)
		return
	}
	for _, c := range o.tenant.Salesforce.Integration {
		if token != "" && c.RefreshToken == token {
			o.revoked[token] = true
			return
		}
	}
	oauthError(w, "unsupported_token_type", "this token type is not supported")
}

// introspect tells an app whether a token is alive (UNCERTAIN in detail).
func (o *Org) introspect(w http.ResponseWriter, r *http.Request) {
	if _, fault := o.authenticate(r); fault != nil {
		writeJSON(w, http.StatusUnauthorized, map[string]string{"error": fault.code, "error_description": fault.text})
		return
	}
	s := o.sessions[r.PostFormValue("token")] // looking is not use: it does not keep the session alive
	if s == nil || !o.options.Now().Before(s.expires) {
		writeJSON(w, http.StatusOK, map[string]any{"active": false})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"active": true, "scope": strings.Join(s.scopes, " "), "client_id": s.clientID, "username": s.username,
		"sub": o.identityURL(r, s.userID), "token_type": "access_token", "exp": s.expires.Unix(),
	})
}
