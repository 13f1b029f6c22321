package cxone

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestAuthorizeRefusals(t *testing.T) {
	c := newClient(t, Options{})
	cases := []struct {
		why, name, value string
		status           int
	}{
		{"a client that is not registered", "client_id", "x", 401},
		{"nowhere to go back to", "redirect_uri", "", 400},
		{"a scheme that runs things", "redirect_uri", "javascript:alert(1)//x", 400},
		{"tokens in the address", "response_type", "token", 400},
		{"no challenge", "code_challenge", "", 400},
		{"a plain challenge", "code_challenge_method", "plain", 400},
		{"another tenant", "tenantId", "nobody", 400},
		{"nobody by that name", "login_hint", "nobody", 401},
		{"somebody who has left", "login_hint", "old.hand@acme.example", 401},
	}
	for _, tc := range cases {
		q := authorizeQuery(ana, "v")
		q.Set(tc.name, tc.value)
		a := c.get("https://" + IssuerHost + "/auth/authorize?" + q.Encode())
		if a.status != tc.status || a.reason() == "" {
			t.Errorf("%s: %d, want %d: %s", tc.why, a.status, tc.status, a.raw)
		}
	}
}

func TestCodeIsSpentOnce(t *testing.T) {
	const verifier = "verifier"
	cases := []struct {
		why    string
		spoil  func(c *client, form url.Values)
		status int
	}{
		{"as it was given", func(*client, url.Values) {}, 200},
		{"with the secret as well", func(_ *client, f url.Values) { f.Set("client_secret", "acme-registered-secret") }, 200},
		{"with a wrong secret", func(_ *client, f url.Values) { f.Set("client_secret", "no") }, 401},
		{"with another verifier", func(_ *client, f url.Values) { f.Set("code_verifier", "x") }, 400},
		{"by another client", func(_ *client, f url.Values) { f.Set("client_id", "x") }, 400},
		{"to another address", func(_ *client, f url.Values) { f.Set("redirect_uri", "http://localhost/else") }, 400},
		{"too late", func(c *client, _ url.Values) { c.clock.advance(codeLife) }, 400},
		{"after its user was deactivated", func(c *client, _ url.Values) { check(c.t, c.tenant.SetUserActive(ana, false)) }, 400},
	}
	for _, tc := range cases {
		c := newClient(t, Options{})
		at, err := url.Parse(c.get("https://" + IssuerHost + "/auth/authorize?" + authorizeQuery(ana, verifier).Encode()).want(302).header.Get("Location"))
		check(t, err)
		if !strings.HasPrefix(at.String(), "http://localhost/callback?") || at.Query().Get("state") != "aaxx-11" {
			t.Errorf("%s: goes back to %s", tc.why, at)
		}
		form, err := url.ParseQuery(codeForm(at.Query().Get("code"), verifier))
		check(t, err)
		tc.spoil(c, form)
		spend := func() *answer {
			return c.do("POST", "https://"+IssuerHost+"/auth/token", "application/x-www-form-urlencoded", form.Encode())
		}
		a := spend()
		if a.status != tc.status {
			t.Errorf("%s: %d, want %d: %s", tc.why, a.status, tc.status, a.raw)
		}
		if tc.status != 200 {
			continue
		}
		if again := spend(); again.status != 400 {
			t.Errorf("%s: spent twice: %d", tc.why, again.status)
		}
		// The session outlives its access token by the refresh token.
		c.clock.advance(2 * time.Hour)
		refreshed := c.do("POST", "https://"+IssuerHost+"/auth/token", "application/json", "grant_type=refresh_token&scope=openid&refresh_token="+a.text("refresh_token")).want(200)
		c.token = refreshed.text("access_token")
		if name := c.get("/auth/userinfo").want(200).text("email"); name != ana {
			t.Errorf("%s: refreshed as %s", tc.why, name)
		}
	}
}

// Whoever opens the address in a browser is asked who they are.
func TestSignInPage(t *testing.T) {
	c := newClient(t, Options{})
	q := authorizeQuery("", "v")
	q.Set("state", `"><script>`)
	target := "https://" + IssuerHost + "/auth/authorize?" + q.Encode()
	page := c.page(target)
	if !strings.Contains(page, `name="login_hint"`) || strings.Contains(page, "<script>") {
		t.Errorf("the page: %s", page)
	}
}
