package cxone

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
)

// authError is a refusal with an OAuth error code.
func authError(status int, code, reason string) reply {
	return reply{status: status, code: code, reason: reason}
}

var errSignIn = errors.New("the access key or its secret is wrong, or the key or its user is inactive")

// keyFor returns the access key that an id and secret prove.
func (t *Tenant) keyFor(id, secret string) (*accessKey, error) {
	key := t.store.keys.get(id)
	if key == nil || !key.active || !key.owner.active || !same(key.secret, secret) {
		return nil, errSignIn
	}
	return key, nil
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// signInByKey is the sign-in of back-end integrations. Clients send JSON, and
// some a form (SECONDARY); both work.
func (t *Tenant) signInByKey(c *call) reply {
	form, err := c.form()
	if err != nil {
		return authError(http.StatusBadRequest, "invalid_request", err.Error())
	}
	id, secret := form.Get("accessKeyId"), form.Get("accessKeySecret")
	if id == "" || secret == "" {
		return authError(http.StatusBadRequest, "invalid_request", "accessKeyId and accessKeySecret are required")
	}
	key, err := t.keyFor(id, secret)
	if err != nil {
		return authError(http.StatusUnauthorized, "invalid_grant", err.Error())
	}
	return t.signIn(c, key.owner, key, "access-key")
}

// signIn answers with fresh tokens in the OAuth spelling. The key is the one
// that owner signed in with, nil when it was none.
func (t *Tenant) signIn(c *call, owner *person, key *accessKey, audience string) reply {
	tokens, err := t.issue(c, owner, key, audience)
	if err != nil {
		return refuse(http.StatusInternalServerError, err.Error())
	}
	return ok(row{
		"access_token": tokens.access, "refresh_token": tokens.refresh, "id_token": tokens.id,
		"token_type": "Bearer", "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
		"expires_in": int(accessLife.Seconds()), "scope": "openid",
	})
}

// refreshKeyToken renews a token that an access key gave. Its host, path and
// key names all differ from the sign-in's (VERIFIED). Refresh tokens work
// once (UNCERTAIN).
func (t *Tenant) refreshKeyToken(c *call) reply {
	form, err := c.form()
	if err != nil || form.Get("token") == "" {
		return authError(http.StatusBadRequest, "invalid_request", "token is required")
	}
	g, found := t.spend(form.Get("token"))
	if !found {
		return authError(http.StatusUnauthorized, "invalid_grant", "the refresh token is invalid or has expired")
	}
	tokens, err := t.issue(c, g.owner, g.key, "access-key")
	if err != nil {
		return refuse(http.StatusInternalServerError, err.Error())
	}
	return ok(row{
		"token": tokens.access, "refreshToken": tokens.refresh,
		"tokenExpirationTimeSec":        int(accessLife.Seconds()),
		"refreshTokenExpirationTimeSec": int(refreshLife.Seconds()),
	})
}

// spend takes a refresh token out of use and returns what it stood for.
func (t *Tenant) spend(token string) (grant, bool) {
	g := t.sessions.refresh[token]
	delete(t.sessions.refresh, token)
	return g, g.live(t.store.now())
}

// token is the OAuth token endpoint: the password grant, whose user name and
// password are an access key and its secret, the grant of a code that authorize
// gave, and the refresh grant.
func (t *Tenant) token(c *call) reply {
	form, err := c.form()
	if err != nil {
		return authError(http.StatusBadRequest, "invalid_request", err.Error())
	}
	switch form.Get("grant_type") {
	case "password":
		return t.passwordGrant(c, form)
	case "authorization_code":
		return t.codeGrant(c, form)
	case "refresh_token":
		return t.refreshGrant(c, form)
	case "":
		return authError(http.StatusBadRequest, "invalid_request", "grant_type is required")
	}
	return authError(http.StatusBadRequest, "unsupported_grant_type", "the grant type is not offered")
}

func (t *Tenant) passwordGrant(c *call, form url.Values) reply {
	client, proved := t.client(c, form)
	if !proved {
		return authError(http.StatusUnauthorized, "invalid_client", "the client is not registered or its secret is wrong")
	}
	if form.Get("username") == "" || form.Get("password") == "" {
		return authError(http.StatusBadRequest, "invalid_request", "username and password are required")
	}
	key, err := t.keyFor(form.Get("username"), form.Get("password"))
	if err != nil {
		return authError(http.StatusUnauthorized, "invalid_grant", err.Error())
	}
	return t.signIn(c, key.owner, key, client)
}

// refreshGrant asks less of the client than the password grant does: NICE's
// own client sends no secret (VERIFIED). One that sends a secret must be right.
func (t *Tenant) refreshGrant(c *call, form url.Values) reply {
	client, proved := t.client(c, form)
	if !proved && sendsSecret(c, form) {
		return authError(http.StatusUnauthorized, "invalid_client", "the client is not registered or its secret is wrong")
	}
	g, found := t.spend(form.Get("refresh_token"))
	if !found {
		return authError(http.StatusBadRequest, "invalid_grant", "the refresh token is invalid or has expired")
	}
	return t.signIn(c, g.owner, g.key, client)
}

// sendsSecret reports whether a client says that it can prove who it is.
func sendsSecret(c *call, form url.Values) bool {
	_, _, basic := c.BasicAuth()
	return basic || form.Has("client_secret")
}

// client returns the client's id, and whether it proved to be that client, by
// HTTP Basic or in the body.
func (t *Tenant) client(c *call, form url.Values) (id string, proved bool) {
	id, secret, basic := c.BasicAuth()
	if !basic {
		return form.Get("client_id"), t.isClient(form.Get("client_id"), form.Get("client_secret"))
	}
	if t.isClient(id, secret) {
		return id, true
	}
	// OAuth form-encodes both before Basic does its own encoding; only some
	// clients do.
	plainID, _ := url.QueryUnescape(id)
	plainSecret, _ := url.QueryUnescape(secret)
	return plainID, t.isClient(plainID, plainSecret)
}

func (t *Tenant) isClient(id, secret string) bool {
	held, registered := t.clients[id]
	return registered && same(held, secret)
}

// whoami tells whose token it is, and where the ACD is. The token is in the
// body; the Authorization header serves as well.
func (t *Tenant) whoami(c *call) reply {
	form, err := c.form()
	if err != nil {
		return authError(http.StatusBadRequest, "invalid_request", err.Error())
	}
	request := c.Request
	if token := form.Get("token"); token != "" {
		request = c.Clone(c.Context())
		request.Header.Set("Authorization", "Bearer "+token)
	}
	caller, reason := t.authenticate(request)
	if caller == nil {
		return authError(http.StatusUnauthorized, "invalid_token", reason)
	}
	answer := row{
		"bus_no": t.businessUnit, "iss": c.at.issuer, "sub": "user:" + caller.userID,
		"expires_in":               int(accessLife.Seconds()),
		"resource_server_base_uri": c.at.acd + "/inContactAPI/",
		"refresh_token_server_uri": c.at.auth + "/public/user/refresh",
	}
	if caller.agentID != 0 {
		answer["agent_id"], answer["team_id"] = caller.agentID, caller.team.id
	}
	return ok(answer)
}

// userinfo is OpenID Connect's.
func (t *Tenant) userinfo(c *call) reply {
	return ok(row{
		"sub": "user:" + c.caller.userID, "name": c.caller.fullName(),
		"given_name": c.caller.firstName, "family_name": c.caller.lastName, "email": c.caller.email,
	})
}
