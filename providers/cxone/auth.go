package cxone

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
	"github.com/lockstep-sync/lockstep/schema"
)

// A session is what one sign-in gave, and where the tenant's APIs are.
type session struct {
	token, refresh schema.Secret
	renewAt        time.Time
	tokenEndpoint  string // of OpenID Connect; "" for the access-key login
	hosts
}

// hosts are what discovery answers.
type hosts struct{ api, auth string }

// earliness is how long before its end a token is renewed. Short-lived ones
// are renewed after nine tenths of their life.
const earliness = 5 * time.Minute

func (s *session) isFresh() bool { return time.Now().Before(s.renewAt) }

// request makes a request to the host that the path belongs to.
func (s *session) request(method, path string, body []byte) rest.Request {
	header := http.Header{"Authorization": {"Bearer " + s.token.Reveal()}, "Accept": {"application/json"}}
	if body != nil {
		header.Set("Content-Type", "application/json")
	}
	return rest.Request{Method: method, URL: s.hostOf(path) + path, Header: header, Body: body}
}

// hostOf sends UserHub's calls where the sign-in goes, which is the area's
// own host, and all others to the API facade (UNCERTAIN for UserHub: NICE's
// pages show the area's host, its client builds it from area and uhDomain).
func (h hosts) hostOf(path string) string {
	for _, prefix := range []string{"/user-management/", "/access-key-management/", "/public/", "/authentication/"} {
		if strings.HasPrefix(path, prefix) {
			return h.auth
		}
	}
	return h.api
}

// signIn renews the old session if it can, else opens a new one, and checks
// the pin before anything else is asked of the tenant.
func (c *Connection) signIn(ctx context.Context, old *session) (*session, error) {
	ctx = schema.For(rest.ByMethod(ctx), schema.SignIn)
	if old != nil && !old.refresh.IsZero() {
		// Whatever is wrong with renewing, a fresh sign-in may still work.
		if s, err := c.renew(ctx, old); err == nil {
			return s, nil
		}
	}
	open := c.openByKey
	if c.options.ClientID != "" {
		open = c.openByClient
	}
	s, err := open(rest.Repeatable(ctx))
	if err != nil {
		return nil, fmt.Errorf("sign in to cxone: %w", err)
	}
	if err := c.checkPin(ctx, s); err != nil {
		return nil, err
	}
	return s, nil
}

// openByKey signs in with the access key alone, at the host that discovery
// names.
func (c *Connection) openByKey(ctx context.Context) (*session, error) {
	at, err := c.discover(ctx, c.options.TenantID)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string]string{
		"accessKeyId":     c.options.AccessKeyID,
		"accessKeySecret": c.options.AccessKeySecret.Reveal(),
	})
	if err != nil {
		return nil, err
	}
	return c.grant(ctx, &session{hosts: at}, rest.Request{
		Method: http.MethodPost,
		URL:    at.auth + "/authentication/v1/token/access-key",
		Header: http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}},
		Body:   body,
	})
}

// openByClient signs in with the access key through a registered client: the
// password grant of OpenID Connect.
func (c *Connection) openByClient(ctx context.Context) (*session, error) {
	endpoint, err := c.tokenEndpoint(ctx)
	if err != nil {
		return nil, err
	}
	s, err := c.grant(ctx, &session{tokenEndpoint: endpoint}, c.tokenRequest(endpoint, url.Values{
		"grant_type": {"password"},
		"scope":      {"openid"},
		"username":   {c.options.AccessKeyID},
		"password":   {c.options.AccessKeySecret.Reveal()},
	}))
	if err != nil {
		return nil, err
	}
	s.hosts, err = c.discover(ctx, cmp.Or(c.options.TenantID, tenantOf(s.token)))
	return s, err
}

// tokenRequest makes a request of OpenID Connect, with the client in HTTP
// Basic (client_secret_basic is what the vendor lists).
func (c *Connection) tokenRequest(endpoint string, form url.Values) rest.Request {
	client := url.QueryEscape(c.options.ClientID) + ":" + url.QueryEscape(c.options.ClientSecret.Reveal())
	return rest.Request{
		Method: http.MethodPost,
		URL:    endpoint,
		Header: http.Header{
			"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(client))},
			"Content-Type":  {"application/x-www-form-urlencoded"},
			"Accept":        {"application/json"},
		},
		Body: []byte(form.Encode()),
	}
}

// renew uses the refresh token. Each way of signing in has its own, with
// other key names. It is sent once: refresh tokens may work once (UNCERTAIN).
func (c *Connection) renew(ctx context.Context, old *session) (*session, error) {
	ctx = rest.Once(ctx)
	next := &session{hosts: old.hosts, tokenEndpoint: old.tokenEndpoint}
	if old.tokenEndpoint != "" {
		return c.grant(ctx, next, c.tokenRequest(old.tokenEndpoint, url.Values{
			"grant_type":    {"refresh_token"},
			"scope":         {"openid"},
			"refresh_token": {old.refresh.Reveal()},
		}))
	}
	body, err := json.Marshal(map[string]string{"token": old.refresh.Reveal()})
	if err != nil {
		return nil, err
	}
	return c.grant(ctx, next, rest.Request{
		Method: http.MethodPost,
		URL:    old.auth + "/public/user/refresh",
		Header: http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}},
		Body:   body,
	})
}

// grant asks for a token and fills the session with the answer.
func (c *Connection) grant(ctx context.Context, s *session, r rest.Request) (*session, error) {
	asked := time.Now()
	resp, err := c.client.Do(ctx, r)
	if err != nil {
		return nil, err
	}
	var answer Loose
	if err := resp.Decode(&answer); err != nil {
		return nil, err
	}
	token := answer.Text("access_token", "token")
	if token == "" {
		return nil, resp.Bad("answer holds no token", nil)
	}
	life := time.Duration(answer.Int("expires_in", "tokenExpirationTimeSec")) * time.Second
	if life <= 0 {
		life = time.Hour // what the vendor's pages say
	}
	s.token = schema.NewSecret(token, "cxone sign-in")
	s.refresh = schema.NewSecret(answer.Text("refresh_token", "refreshToken"), "cxone sign-in")
	s.renewAt = asked.Add(max(life-earliness, life*9/10))
	c.scrubber.Add(s.token, s.refresh)
	return s, nil
}

// checkPin refuses a tenant that is not the pinned one. The token says whose
// it is; one that does not is asked about.
func (c *Connection) checkPin(ctx context.Context, s *session) error {
	pin := c.options.TenantID
	if pin == "" {
		return nil
	}
	tenant := tenantOf(s.token)
	if tenant == "" {
		var err error
		if tenant, err = c.businessUnitTenant(ctx, s); err != nil {
			return fmt.Errorf("find out the tenant: %w", err)
		}
	}
	if !strings.EqualFold(tenant, pin) {
		return fmt.Errorf("the access key belongs to tenant %q, but the provider block pins tenant_id = %q: "+
			"use a key of that tenant, or change the pin", tenant, pin)
	}
	return nil
}

func (c *Connection) businessUnitTenant(ctx context.Context, s *session) (string, error) {
	resp, err := c.client.Do(ctx, s.request(http.MethodGet, c.ACD("/business-unit"), nil))
	if err != nil {
		return "", err
	}
	answer, err := (&Answer{Body: resp.Body, response: resp}).Loose()
	if err != nil {
		return "", err
	}
	units := answer.List("businessUnits")
	if len(units) == 0 {
		return "", resp.Bad("answer holds no business unit", nil)
	}
	return units[0].Text("tenantId"), nil
}

// tenantOf reads the tenant off a token's claims, "" when it has none. The
// signature is the vendor's business: we only look at our own token.
func tenantOf(token schema.Secret) string {
	parts := strings.Split(token.Reveal(), ".")
	if len(parts) != 3 {
		return ""
	}
	text, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return ""
	}
	var claims struct {
		TenantID string `json:"tenantId"`
	}
	if json.Unmarshal(text, &claims) != nil {
		return ""
	}
	return claims.TenantID
}
