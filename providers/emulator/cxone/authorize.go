package cxone

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// codeLife is how long an authorization code waits to be spent (UNCERTAIN).
const codeLife = time.Minute

// A ticket is what an authorization code stands for.
type ticket struct {
	owner                       *person
	client, redirect, challenge string
	expires                     time.Time
}

// authorize begins the authorization-code flow of NICE's own apps: S256 only
// (VERIFIED). It signs in whom OpenID Connect's login_hint names; without one
// it asks, for a name and no password: nobody here has any (INVENTED).
func (t *Tenant) authorize(c *call) reply {
	q := c.query
	redirect, err := url.Parse(q.Get("redirect_uri"))
	_, registered := t.clients[q.Get("client_id")]
	switch {
	case !registered:
		return authError(http.StatusUnauthorized, "invalid_client", "the client is not registered")
	case err != nil || redirect.Host == "" || redirect.Scheme != "http" && redirect.Scheme != "https":
		return authError(http.StatusBadRequest, "invalid_request", "redirect_uri is not an http address")
	case q.Get("response_type") != "code":
		return authError(http.StatusBadRequest, "unsupported_response_type", "response_type must be code")
	case q.Get("code_challenge") == "" || q.Get("code_challenge_method") != "S256":
		return authError(http.StatusBadRequest, "invalid_request", "a code_challenge by S256 is required")
	case q.Get("tenantId") != "" && !strings.EqualFold(q.Get("tenantId"), t.id):
		return authError(http.StatusBadRequest, "invalid_request", "tenantId is another tenant's")
	case q.Get("login_hint") == "":
		return reply{status: http.StatusOK, html: signInPage(q)}
	}
	owner := t.store.people.named(q.Get("login_hint"))
	if owner == nil || !owner.active {
		return authError(http.StatusUnauthorized, "access_denied", "there is no such user")
	}
	answer := redirect.Query()
	answer.Set("code", t.newCode(owner, q))
	if state := q.Get("state"); state != "" {
		answer.Set("state", state)
	}
	redirect.RawQuery = answer.Encode()
	return reply{status: http.StatusFound, header: http.Header{"Location": {redirect.String()}}}
}

// newCode makes an authorization code.
func (t *Tenant) newCode(owner *person, q url.Values) string {
	now := t.store.now()
	t.sessions.issued++
	made := newUUID(t.id, "code", strconv.Itoa(t.sessions.issued))
	for text, held := range t.sessions.codes {
		if !now.Before(held.expires) {
			delete(t.sessions.codes, text)
		}
	}
	t.sessions.codes[made] = ticket{
		owner: owner, client: q.Get("client_id"), redirect: q.Get("redirect_uri"),
		challenge: q.Get("code_challenge"), expires: now.Add(codeLife),
	}
	return made
}

// codeGrant spends an authorization code. The verifier proves the client; a
// secret is not needed (VERIFIED: NICE's browser client has none), but one that
// is sent must be right. A code works once, right or wrong.
func (t *Tenant) codeGrant(c *call, form url.Values) reply {
	client, proved := t.client(c, form)
	if !proved && sendsSecret(c, form) {
		return authError(http.StatusUnauthorized, "invalid_client", "the client is not registered or its secret is wrong")
	}
	held, found := t.sessions.codes[form.Get("code")]
	delete(t.sessions.codes, form.Get("code"))
	sum := sha256.Sum256([]byte(form.Get("code_verifier")))
	switch {
	case !found || !t.store.now().Before(held.expires) || !held.owner.active:
		return authError(http.StatusBadRequest, "invalid_grant", "the code is invalid, spent or expired")
	case held.client != client || held.redirect != form.Get("redirect_uri"):
		return authError(http.StatusBadRequest, "invalid_grant", "the code was given to another client or redirect_uri")
	case strings.TrimRight(held.challenge, "=") != base64URL(sum[:]):
		return authError(http.StatusBadRequest, "invalid_grant", "code_verifier is wrong")
	}
	return t.signIn(c, held.owner, nil, client)
}

// signInPage asks who signs in, and comes back to the same address with it.
func signInPage(q url.Values) string {
	var fields strings.Builder
	for name, values := range q {
		fmt.Fprintf(&fields, `<input type="hidden" name="%s" value="%s">`,
			html.EscapeString(name), html.EscapeString(cmp.Or(values...)))
	}
	return `<!DOCTYPE html><html lang="en"><head><title>Sign in to the emulated tenant</title></head><body>` +
		`<h1>Sign in to the emulated tenant</h1><form method="get">` + fields.String() +
		`<label>User name <input name="login_hint" autofocus></label> <button>Sign in</button></form></body></html>`
}
