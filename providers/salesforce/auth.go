package salesforce

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
	"github.com/lockstep-sync/lockstep/schema"
)

// A session is what one sign-in gave.
type session struct {
	token    schema.Secret
	instance string // https://acme.my.salesforce.com
	refresh  schema.Secret

	organizationID, userID string // "" where the answer does not tell
}

// isJWT reports whether the access token is a JSON web token, which the SOAP
// Metadata API refuses for ever with the fault of an expired session.
func (s *session) isJWT() bool {
	token := s.token.Reveal()
	return strings.HasPrefix(token, "eyJ") && strings.Count(token, ".") == 2
}

// signIn opens a session and checks the pins and the API version before
// anything else is asked of the org.
func (c *Connection) signIn(ctx context.Context, _ *session) (*session, error) {
	ctx = schema.For(rest.ByMethod(ctx), schema.SignIn)
	s, err := c.open(ctx)
	if err != nil {
		return nil, fmt.Errorf("sign in to salesforce: %w", err)
	}
	c.scrubber.Add(s.token, s.refresh)
	if err := c.checkPins(ctx, s); err != nil {
		return nil, err
	}
	if err := c.checkVersion(ctx, s); err != nil {
		return nil, err
	}
	return s, nil
}

// open asks for an access token in the way the options say.
func (c *Connection) open(ctx context.Context) (*session, error) {
	switch o := &c.options; {
	case o.JWTBearer != nil:
		assertion, err := o.JWTBearer.assertion(c.audience())
		if err != nil {
			return nil, err
		}
		// An assertion that was used can be used again while it lasts.
		return c.grant(rest.Repeatable(ctx), url.Values{
			"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"},
			"assertion":  {assertion},
		})
	case o.ClientCredentials != nil:
		return c.grant(rest.Repeatable(ctx), url.Values{
			"grant_type":    {"client_credentials"},
			"client_id":     {o.ClientCredentials.ClientID},
			"client_secret": {o.ClientCredentials.ClientSecret.Reveal()},
		})
	case o.RefreshToken != nil:
		return c.openByRefresh(ctx)
	default:
		return &session{token: o.AccessToken, instance: c.base, organizationID: organizationOf(o.AccessToken)}, nil
	}
}

// openByRefresh uses the newest refresh token. The request is sent once: with
// rotation on, using a token twice revokes all of its family.
func (c *Connection) openByRefresh(ctx context.Context) (*session, error) {
	o := c.options.RefreshToken
	token := o.RefreshToken
	if rotated := c.rotated.Load(); rotated != nil {
		token = *rotated
	}
	form := url.Values{
		"grant_type":    {"refresh_token"},
		"client_id":     {o.ClientID},
		"refresh_token": {token.Reveal()},
	}
	if !o.ClientSecret.IsZero() {
		form.Set("client_secret", o.ClientSecret.Reveal())
	}
	s, err := c.grant(rest.Once(ctx), form)
	if err != nil {
		return nil, err
	}
	if !s.refresh.IsZero() && !s.refresh.Equal(token) {
		c.rotated.Store(&s.refresh)
		c.options.Log.WarnContext(ctx, "salesforce replaced the refresh token, so the configured one no longer works: "+
			"switch off refresh token rotation in the app, or sign in by jwt_bearer")
	}
	return s, nil
}

// grant posts a form to the token endpoint. The answer has no expires_in: how
// long the session lives is the org's policy and slides with use.
func (c *Connection) grant(ctx context.Context, form url.Values) (*session, error) {
	resp, err := c.client.Do(ctx, rest.Request{
		Method: http.MethodPost,
		URL:    c.base + "/services/oauth2/token",
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}},
		Body:   []byte(form.Encode()),
	})
	if err != nil {
		return nil, err
	}
	var answer struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
		InstanceURL  string `json:"instance_url"`
		ID           string `json:"id"`
	}
	if err := resp.Decode(&answer); err != nil {
		return nil, err
	}
	if answer.AccessToken == "" {
		return nil, resp.Bad("answer holds no access_token", nil)
	}
	s := &session{
		token:    schema.NewSecret(answer.AccessToken, "salesforce sign-in"),
		refresh:  schema.NewSecret(answer.RefreshToken, "salesforce sign-in"),
		instance: c.base,
	}
	s.organizationID, s.userID = splitIdentity(answer.ID)
	// The login host is no API host; the answer names the one to use.
	if answer.InstanceURL != "" {
		if s.instance, err = checkInstance(answer.InstanceURL); err != nil {
			return nil, resp.Bad("instance_url of the answer", err)
		}
	}
	return s, nil
}

// splitIdentity takes an identity URL apart: https://login…/id/<org>/<user>.
func splitIdentity(identity string) (organization, user string) {
	_, ids, found := strings.Cut(identity, "/id/")
	if !found {
		return "", ""
	}
	organization, user, _ = strings.Cut(ids, "/")
	return organization, user
}

// organizationOf reads the organization's Id off an opaque session, which
// begins with it ("00D…!…").
func organizationOf(token schema.Secret) string {
	organization, _, found := strings.Cut(token.Reveal(), "!")
	if _, ok := LongID(organization); !found || !ok {
		return ""
	}
	return organization
}

// checkPins refuses an org that is not the pinned one. The organization's Id
// usually comes with the token; for the rest the org is asked.
func (c *Connection) checkPins(ctx context.Context, s *session) error {
	id, sandbox := s.organizationID, c.options.Sandbox
	if c.options.OrganizationID == "" && sandbox == nil {
		return nil
	}
	if id == "" || sandbox != nil {
		org, err := c.organization(ctx, s)
		if err != nil {
			return err
		}
		if id = org.ID; sandbox != nil && org.IsSandbox != *sandbox {
			return fmt.Errorf("organization %s at %s is %s, but the provider block pins sandbox = %t: "+
				"connect to the other org, or change the pin", ShortID(id), s.instance, sandboxWord(org.IsSandbox), *sandbox)
		}
	}
	if pin := c.options.OrganizationID; pin != "" && !SameID(pin, id) {
		return fmt.Errorf("%s is organization %s, but the provider block pins organization_id = %q: "+
			"connect to the other org, or change the pin", s.instance, ShortID(id), pin)
	}
	return nil
}

func sandboxWord(sandbox bool) string {
	if sandbox {
		return "a sandbox"
	}
	return "a production org"
}
