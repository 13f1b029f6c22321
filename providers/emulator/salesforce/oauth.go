package salesforce

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

// A client is an app that may ask for tokens.
type client struct {
	id, secret   string
	username     string // the run-as or pre-authorised user
	certificate  string // PEM; its presence enables JWT bearer
	refreshToken string
	jwtTokens    bool
}

func (o *Org) oauthRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /services/oauth2/token", o.token)
	mux.HandleFunc("/services/oauth2/token", func(w http.ResponseWriter, _ *http.Request) {
		oauthError(w, "invalid_request", "must use HTTP POST")
	})
	mux.HandleFunc("/services/oauth2/userinfo", o.userinfo)
	mux.HandleFunc("/services/oauth2/revoke", o.revoke)
	mux.HandleFunc("POST /services/oauth2/introspect", o.introspect)
	mux.HandleFunc("GET /id/{org}/{user}", o.identity)
}

// client finds an app by its consumer key. Apps that exist but that nobody has
// set up for an integration are known, and may do nothing.
func (o *Org) client(id string) (client, bool) {
	for _, c := range o.tenant.Salesforce.Integration {
		if c.ClientID == id {
			return clientOf(c), true
		}
	}
	if consumer := o.store.find("OAuthConsumer", "Key", id); id != "" && consumer != nil {
		return client{id: id, secret: consumer.text("Secret")}, true
	}
	return client{}, false
}

func clientOf(c tenant.Credential) client {
	return client{
		id: c.ClientID, secret: c.ClientSecret, username: c.Username, certificate: c.Certificate,
		refreshToken: c.RefreshToken, jwtTokens: c.JWTTokens,
	}
}

// token answers the token endpoint. Refusals are 400 with an object, unlike
// those of the data API, which are arrays.
func (o *Org) token(w http.ResponseWriter, r *http.Request) {
	var fault *oauthFault
	var session *session
	switch r.FormValue("grant_type") {
	case "urn:ietf:params:oauth:grant-type:jwt-bearer":
		session, fault = o.jwtBearer(r)
	case "client_credentials":
		session, fault = o.clientCredentials(r)
	case "refresh_token":
		session, fault = o.refreshToken(r)
	case "password":
		// Blocked in every org created since Summer '23 (VERIFIED), and answered
		// like a wrong password.
		fault = &oauthFault{"invalid_grant", "authentication failure"}
	default:
		fault = &oauthFault{"unsupported_grant_type", "grant type not supported"}
	}
	if fault != nil {
		oauthError(w, fault.code, fault.text)
		return
	}
	writeJSON(w, http.StatusOK, o.tokenAnswer(r, session))
}

type oauthFault struct{ code, text string }

func oauthError(w http.ResponseWriter, code, text string) {
	writeJSON(w, http.StatusBadRequest, map[string]string{"error": code, "error_description": text})
}

// tokenAnswer has no expires_in: how long a token lives is the session
// policy's affair and slides with use.
func (o *Org) tokenAnswer(r *http.Request, s *session) map[string]string {
	issued := strconv.FormatInt(o.options.Now().UnixMilli(), 10)
	id := o.identityURL(r, s.userID)
	client, _ := o.client(s.clientID)
	mac := hmac.New(sha256.New, []byte(client.secret))
	_, _ = mac.Write([]byte(id + issued))
	return map[string]string{
		"access_token": s.token,
		"instance_url": o.instanceURL(r),
		"id":           id,
		"token_type":   "Bearer",
		"issued_at":    issued,
		"scope":        strings.Join(s.scopes, " "),
		"signature":    base64.StdEncoding.EncodeToString(mac.Sum(nil)),
	}
}

func (o *Org) identityURL(r *http.Request, userID string) string {
	return o.instanceURL(r) + "/id/" + o.organization() + "/" + userID
}

// authenticate checks an app's key and secret, in the body or as Basic.
func (o *Org) authenticate(r *http.Request) (client, *oauthFault) {
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	c, known := o.client(id)
	switch {
	case !known:
		return c, &oauthFault{"invalid_client_id", "client identifier invalid"}
	case c.secret == "" || !hmac.Equal([]byte(c.secret), []byte(secret)):
		return c, &oauthFault{"invalid_client", "invalid client credentials"}
	}
	return c, nil
}

// clientCredentials works on the org's own domain only (VERIFIED).
func (o *Org) clientCredentials(r *http.Request) (*session, *oauthFault) {
	if isLoginHost(r.Host) {
		return nil, &oauthFault{"invalid_grant", "request not supported on this domain"}
	}
	c, fault := o.authenticate(r)
	if fault != nil {
		return nil, fault
	}
	user := o.activeUser(c.username)
	if user == nil {
		return nil, &oauthFault{"invalid_grant", "no client credentials user enabled"}
	}
	return o.open(c, user), nil
}

func (o *Org) refreshToken(r *http.Request) (*session, *oauthFault) {
	c, fault := o.authenticate(r)
	if fault != nil {
		return nil, fault
	}
	token := r.PostFormValue("refresh_token")
	user := o.activeUser(c.username)
	if token == "" || token != c.refreshToken || o.revoked[token] || user == nil {
		return nil, &oauthFault{"invalid_grant", "expired access/refresh token"}
	}
	return o.open(c, user), nil
}

func isLoginHost(host string) bool {
	name, _, _ := strings.Cut(host, ":")
	return name == "login.salesforce.com" || name == "test.salesforce.com"
}

func (o *Org) activeUser(username string) row {
	user := o.store.find("User", "Username", cmp.Or(username, "\x00"))
	if user == nil || user["IsActive"] != true {
		return nil
	}
	return user
}
