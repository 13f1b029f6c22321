package emulator

import (
	"strings"
	"sync"
)

// A memory keeps the answers to reads for stale faults: what was said before
// the last write. It is filled only while the script holds such a fault.
type memory struct {
	mu      sync.Mutex
	writes  int
	answers map[string]remembered
}

type remembered struct {
	writes int // how many there had been
	answer *answer
}

func (m *memory) note(c *call, a *answer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case isSignIn(c.path):
	case isRead(c):
		m.answers[key(c)] = remembered{m.writes, a}
	default:
		m.writes++
	}
}

// recall returns the answer of before the last write, nil when the question
// was not asked then.
func (m *memory) recall(c *call) *answer {
	m.mu.Lock()
	defer m.mu.Unlock()
	held, ok := m.answers[key(c)]
	if !ok || !isRead(c) || held.writes == m.writes {
		return nil
	}
	return held.answer
}

func key(c *call) string { return c.method + " " + c.r.URL.RequestURI() + "\n" + string(c.body) }

func isSignIn(path string) bool {
	return strings.Contains(path, "/oauth2/") || strings.Contains(path, "/auth/") || strings.Contains(path, "/authentication/") ||
		strings.HasPrefix(path, "/public/user/")
}

// isRead reports whether a call changes nothing.
func isRead(c *call) bool {
	if !isSOAP(c.path) {
		return c.method == "GET" || c.method == "HEAD"
	}
	name := operation(c.body)
	for _, verb := range []string{"read", "list", "describe", "check", "retrieve", "get", "login"} {
		if strings.HasPrefix(name, verb) {
			return true
		}
	}
	return false
}
