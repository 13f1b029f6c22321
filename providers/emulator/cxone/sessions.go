package cxone

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"time"
)

// How long tokens live. One hour is VERIFIED for access tokens; the refresh
// token's life is not documented (UNCERTAIN).
const (
	accessLife  = time.Hour
	refreshLife = 8 * time.Hour
)

// sessions holds the tokens that are good. Being listed is what makes a token
// good; its signature is for clients that check it.
type sessions struct {
	access, refresh map[string]grant
	codes           map[string]ticket
	issued          int
}

type grant struct {
	owner   *person
	key     *accessKey // the key that it began with; nil for a person who signed in
	expires time.Time
}

func newSessions() *sessions {
	return &sessions{access: map[string]grant{}, refresh: map[string]grant{}, codes: map[string]ticket{}}
}

// A grant is live while its key and its owner are: deactivating the user
// kills the key (VERIFIED).
func (g grant) live(now time.Time) bool {
	return g.owner != nil && g.owner.active && (g.key == nil || g.key.active) && now.Before(g.expires)
}

// prune forgets what has expired, so that days of signing in do not add up.
func (s *sessions) prune(now time.Time) {
	for _, tokens := range []map[string]grant{s.access, s.refresh} {
		for token, g := range tokens {
			if !now.Before(g.expires) {
				delete(tokens, token)
			}
		}
	}
}

// ExpireTokens makes every access token given out so far as if its hour were
// over. Refresh tokens still work.
func (t *Tenant) ExpireTokens() {
	t.store.Lock()
	defer t.store.Unlock()
	clear(t.sessions.access)
}

// EndSessions makes access and refresh tokens useless: whoever wants to go on
// must sign in again.
func (t *Tenant) EndSessions() {
	t.store.Lock()
	defer t.store.Unlock()
	clear(t.sessions.access)
	clear(t.sessions.refresh)
	clear(t.sessions.codes)
}

// authenticate returns who sent a request, or why nobody did.
func (t *Tenant) authenticate(r *http.Request) (caller *person, reason string) {
	scheme, token, found := strings.Cut(r.Header.Get("Authorization"), " ")
	if !found || !strings.EqualFold(scheme, "Bearer") {
		return nil, "an access token is required"
	}
	g := t.sessions.access[token]
	if !g.live(t.store.now()) {
		return nil, "the access token is invalid or has expired"
	}
	return g.owner, ""
}

// A tokenSet is what a sign-in gives.
type tokenSet struct{ access, refresh, id string }

// issue signs a person in.
func (t *Tenant) issue(c *call, owner *person, key *accessKey, audience string) (tokenSet, error) {
	now := t.store.now()
	t.sessions.prune(now)
	t.sessions.issued++
	if key != nil {
		key.lastUsed = now
	}
	claims := t.claims(c, owner, now)
	claims["jti"] = newUUID(t.id, "token", fmt.Sprint(t.sessions.issued))
	access, err := t.signer.sign(claims)
	if err != nil {
		return tokenSet{}, err
	}
	claims["aud"] = audience
	id, err := t.signer.sign(claims)
	if err != nil {
		return tokenSet{}, err
	}
	refresh := newUUID(t.id, "refresh", fmt.Sprint(t.sessions.issued))
	t.sessions.access[access] = grant{owner: owner, key: key, expires: now.Add(accessLife)}
	t.sessions.refresh[refresh] = grant{owner: owner, key: key, expires: now.Add(refreshLife)}
	return tokenSet{access: access, refresh: refresh, id: id}, nil
}

// claims are what NICE's own client reads from a token (VERIFIED).
func (t *Tenant) claims(c *call, p *person, now time.Time) row {
	claims := row{
		"iss": c.at.issuer, "sub": "user:" + p.userID, "iat": now.Unix(), "exp": now.Add(accessLife).Unix(),
		"tenantId": t.id, "tenant": t.schema(), "userId": p.userID,
		"icBUId": t.businessUnit, "icClusterId": cluster,
		"given_name": p.firstName, "family_name": p.lastName, "name": p.fullName(),
	}
	if p.agentID != 0 {
		claims["icAgentId"] = fmt.Sprint(p.agentID)
		claims["teamId"] = p.team.uuid
	}
	return claims
}

// schema is the tenant's short name. Without one NICE's client never derives
// the URL of the rule read (VERIFIED), so there always is one.
func (t *Tenant) schema() string {
	if t.name == "" {
		return "tenant" + fmt.Sprint(t.businessUnit)
	}
	return strings.ToLower(strings.ReplaceAll(t.name, " ", "_"))
}

// A signer makes the tenant's JSON web tokens with RS256.
type signer struct{ key *rsa.PrivateKey }

func (s *signer) ready() error {
	if s.key != nil {
		return nil
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return fmt.Errorf("make the signing key: %w", err)
	}
	s.key = key
	return nil
}

func (s *signer) sign(claims row) (string, error) {
	if err := s.ready(); err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encode claims: %w", err)
	}
	header := fmt.Sprintf(`{"alg":"RS256","typ":"JWT","kid":%q}`, s.keyID())
	signed := base64URL([]byte(header)) + "." + base64URL(payload)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return signed + "." + base64URL(signature), nil
}

func (s *signer) keyID() string {
	sum := sha256.Sum256(s.key.N.Bytes())
	return base64URL(sum[:12])
}

// jwks publishes the key that tokens are signed with.
func (t *Tenant) jwks(*call) reply {
	if err := t.signer.ready(); err != nil {
		return refuse(http.StatusInternalServerError, err.Error())
	}
	public := t.signer.key.PublicKey
	return ok(row{"keys": []row{{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": t.signer.keyID(),
		"n": base64URL(public.N.Bytes()), "e": base64URL(big.NewInt(int64(public.E)).Bytes()),
	}}})
}

func base64URL(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
