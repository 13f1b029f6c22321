package dashboard

import (
	"maps"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Guesses bound how often a host may be wrong about the token: guessing is to be
// hopeless, a person who mistypes does not notice, and whoever guesses locks
// nobody out elsewhere. A token that is right costs nothing.
type guesses struct {
	mu   sync.Mutex
	of   map[string]*rate.Limiter
	rest *rate.Limiter // what hosts share for whom there is no room
}

const (
	guessEvery = time.Second
	guessMost  = 10
	// hostsMost bounds the hosts that are remembered. Who is not wrong any more
	// is forgotten.
	hostsMost = 4096
)

func newGuess() *rate.Limiter { return rate.NewLimiter(rate.Every(guessEvery), guessMost) }

// allow reports whether a host's token may be looked at, and counts a wrong one.
func (g *guesses) allow(host string, right bool, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	limiter := g.limiter(host, now)
	if right {
		return limiter.TokensAt(now) >= 1
	}
	return limiter.AllowN(now, 1)
}

func (g *guesses) limiter(host string, now time.Time) *rate.Limiter {
	if limiter, known := g.of[host]; known {
		return limiter
	}
	if len(g.of) >= hostsMost {
		maps.DeleteFunc(g.of, func(_ string, l *rate.Limiter) bool { return l.TokensAt(now) >= guessMost })
	}
	if len(g.of) >= hostsMost {
		return g.rest
	}
	g.of[host] = newGuess()
	return g.of[host]
}

// hostOf is whom guesses are counted for. A proxy counts as one host, for what
// it says of others anybody can say; and so does a network of IPv6, which
// whoever is in it has the addresses of.
func hostOf(remote string) string {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return remote // a pipe
	}
	address := at.Addr().Unmap()
	if address.Is4() {
		return address.String()
	}
	network, err := address.WithZone("").Prefix(64)
	if err != nil {
		return address.String()
	}
	return network.String()
}
