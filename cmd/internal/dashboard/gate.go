package dashboard

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/lockstep-sync/lockstep/schema"
)

const (
	cookieName  = "lockstep_session"
	sessionLife = 12 * time.Hour
)

// A gate lets people in who know the token. Without a token it lets in who is
// on this machine and really asks for it: a page from elsewhere whose name was
// pointed at loopback (DNS rebinding) asks for another host.
type gate struct {
	token   schema.Secret
	guesses guesses
}

func newGate(token schema.Secret) *gate {
	return &gate{token: token, guesses: guesses{of: map[string]*rate.Limiter{}, rest: newGuess()}}
}

// A verdict is what the gate makes of a request.
type verdict int

const (
	barred verdict = iota // no token, or a wrong one
	hasty                 // too many wrong ones came from there: this one was not looked at
	opened
)

// open says whether a request may see what is inside.
func (g *gate) open(r *http.Request) verdict {
	if g.token.IsZero() {
		return opened // and hostOK has looked at the name
	}
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return g.try(r, bearer)
	}
	if cookie, err := r.Cookie(cookieName); err == nil && g.session(cookie.Value, time.Now()) {
		return opened
	}
	return barred
}

// try looks at a token, unless too many wrong ones came from the same host.
func (g *gate) try(r *http.Request, token string) verdict {
	right := g.token.IsZero() || g.known(token)
	switch {
	case !g.guesses.allow(hostOf(r.RemoteAddr), right, time.Now()):
		return hasty
	case right:
		return opened
	}
	return barred
}

// known compares digests, so that neither the length nor the first characters
// of the token show in the time it takes.
func (g *gate) known(token string) bool {
	given, want := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(g.token.Reveal()))
	return subtle.ConstantTimeCompare(given[:], want[:]) == 1
}

// hostOK reports whether a request without a token asks for this machine.
func (g *gate) hostOK(r *http.Request) bool {
	if !g.token.IsZero() {
		return true // a page that was rebound has no cookie and knows no token
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// cookie makes a session. It holds no token: replicas that share the token
// accept each other's sessions, and nothing has to be remembered.
func (g *gate) cookie(r *http.Request, now time.Time) *http.Cookie {
	until := strconv.FormatInt(now.Add(sessionLife).Unix(), 10)
	return &http.Cookie{
		Name: cookieName, Value: until + "." + g.sign(until), Path: "/", MaxAge: int(sessionLife.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https",
	}
}

func (g *gate) session(value string, now time.Time) bool {
	until, signature, ok := strings.Cut(value, ".")
	if !ok || !hmac.Equal([]byte(signature), []byte(g.sign(until))) {
		return false
	}
	end, err := strconv.ParseInt(until, 10, 64)
	return err == nil && now.Unix() < end
}

func (g *gate) sign(until string) string {
	mac := hmac.New(sha256.New, []byte(g.token.Reveal()))
	_, _ = mac.Write([]byte("lockstep dashboard session until " + until))
	return hex.EncodeToString(mac.Sum(nil))
}
