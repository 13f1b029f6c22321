package rest

import (
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/lockstep-sync/lockstep/schema"
)

// A Scrubber takes known secrets out of texts that a vendor or a library
// wrote: a vendor may well answer with what it was sent. The zero value is
// ready to use, by several goroutines at once.
type Scrubber struct {
	mu    sync.RWMutex
	known []schema.Secret
}

// minSecret spares short words: a secret of three letters is in every text.
const minSecret = 4

// maxKnown bounds what a process that signs in for months remembers; the
// configured secrets come first and are kept.
const maxKnown = 64

// Add makes more secrets known.
func (s *Scrubber) Add(secrets ...schema.Secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range secrets {
		if len(secret.Reveal()) < minSecret || slices.ContainsFunc(s.known, secret.Equal) {
			continue
		}
		if len(s.known) == maxKnown {
			s.known = slices.Delete(s.known, maxKnown/2, maxKnown/2+1)
		}
		s.known = append(s.known, secret)
	}
}

// Scrub returns text with every known secret, plain or as in a form, replaced.
func (s *Scrubber) Scrub(text string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, secret := range s.known {
		value := secret.Reveal()
		text = strings.ReplaceAll(text, value, schema.Redacted)
		text = strings.ReplaceAll(text, url.QueryEscape(value), schema.Redacted)
	}
	return text
}
