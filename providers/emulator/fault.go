package emulator

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lockstep-sync/lockstep/providers/emulator/salesforce"
)

// A Kind is a way to misbehave.
type Kind string

// The kinds of faults. Those of the first group refuse a call before the
// vendor sees it, in the vendor's own shape: an array for Salesforce REST, a
// fault with HTTP 500 for SOAP, an object for sign-in.
const (
	Unauthorized Kind = "unauthorized" // 401: the session is over; signing in anew helps
	NoREST       Kind = "no-rest"      // 401 that never heals: the session is not for REST
	NoAgentApp   Kind = "no-agent-app" // 401 that never heals: the app is not attached
	Forbidden    Kind = "forbidden"    // 403: a permission is missing
	DailyLimit   Kind = "daily-limit"  // 403 REQUEST_LIMIT_EXCEEDED: the day's allocation is used up
	Concurrency  Kind = "concurrency"  // 403 REQUEST_LIMIT_EXCEEDED: too many at once
	Gone         Kind = "gone"         // 420: the org is gone
	Throttled    Kind = "throttled"    // 429 with Retry-After
	ServerError  Kind = "server-error" // 500
	Unavailable  Kind = "unavailable"  // 503
	LockedRow    Kind = "locked-row"   // 400 UNABLE_TO_LOCK_ROW
	Status       Kind = "status"       // the fault's own Status and Body
	CommitError  Kind = "commit-error" // handled, then 500
	LostAnswer   Kind = "lost-answer"  // handled, then the connection ends
	Drop         Kind = "drop"         // the connection ends before anything is handled
	HTML         Kind = "html"         // 200 with a page for people
	Truncated    Kind = "truncated"    // half of the answer
	Hang         Kind = "hang"         // nothing at all until the client gives up
	Slow         Kind = "slow"         // the answer after Delay
	Stale        Kind = "stale"        // a read as it was before the last write
)

// The kinds that are about events on a stream of the Pub/Sub API. The path is
// the topic's name, and every delivery is a call of the method DELIVER. The
// last can also meet a call of that API, where the path is the method's full
// name: /eventbus.v1.PubSub/Subscribe.
const (
	StreamDrop      Kind = "stream-drop"      // the connection ends
	StreamStall     Kind = "stream-stall"     // nothing comes any more, not even that the stream is alive
	StreamLoss      Kind = "stream-loss"      // the event never comes
	StreamDuplicate Kind = "stream-duplicate" // the event comes twice
	StreamReorder   Kind = "stream-reorder"   // the event comes after the next one
	StreamGap       Kind = "stream-gap"       // the event comes as Code, such as GAP_UPDATE, with its header only
	BusError        Kind = "bus-error"        // a refusal of the bus, by its Code: subscription.fetch.replayid.corrupted
)

// The kinds that are about commands on their way to an agent's console. The
// path is the streaming channel's name, the body the command, and every client
// that it is for is a call of the method CONSOLE. The sender is told that it
// arrived.
const (
	ConsoleLoss      Kind = "console-loss"      // the command never comes
	ConsoleDuplicate Kind = "console-duplicate" // the command comes twice
	ConsoleDelay     Kind = "console-delay"     // the command comes after Delay
	ConsoleReorder   Kind = "console-reorder"   // the command comes after the console's next one
)

// kinds tells what is a kind, and which of them refuse with which status.
func kinds() map[Kind]int {
	return map[Kind]int{
		Unauthorized: 401, NoREST: 401, NoAgentApp: 401, Forbidden: 403, DailyLimit: 403, Concurrency: 403, Gone: 420,
		Throttled: 429, ServerError: 500, Unavailable: 503, LockedRow: 400, Status: 0, CommitError: 500, LostAnswer: 0,
		Drop: 0, HTML: 200, Truncated: 0, Hang: 0, Slow: 0, Stale: 0,
		StreamDrop: 0, StreamStall: 0, StreamLoss: 0, StreamDuplicate: 0, StreamReorder: 0, StreamGap: 0, BusError: 0,
		ConsoleLoss: 0, ConsoleDuplicate: 0, ConsoleDelay: 0, ConsoleReorder: 0,
	}
}

// A Fault is a deliberate misbehaviour: calls that match are met by its kind,
// after the first After of them, Times times.
type Fault struct {
	Vendor   string `json:"vendor,omitempty"`   // "" is either
	Method   string `json:"method,omitempty"`   // "" is any
	Path     string `json:"path,omitempty"`     // "*" stands for anything, slashes too; "" is any path
	Contains string `json:"contains,omitempty"` // what the query or the body must hold: a SOAP operation, an sObject
	After    int    `json:"after,omitempty"`    // matching calls that are let through first
	Times    int    `json:"times,omitempty"`    // 0 is once, -1 is for ever
	Kind     Kind   `json:"kind"`

	Status     int           `json:"status,omitempty"`      // of the kind "status"
	Body       string        `json:"body,omitempty"`        // of the kind "status"
	RetryAfter int           `json:"retry_after,omitempty"` // seconds, of the kinds throttled and unavailable
	Delay      time.Duration `json:"delay,omitempty"`       // nanoseconds, of the kinds slow and console-delay
	Code       string        `json:"code,omitempty"`        // of the kinds stream-gap and bus-error
}

func (f Fault) check() error {
	if _, known := kinds()[f.Kind]; !known {
		return fmt.Errorf("fault kind %q: want one of %v", f.Kind, slices.Sorted(maps.Keys(kinds())))
	}
	switch {
	case f.Vendor != "" && f.Vendor != Salesforce && f.Vendor != CXone:
		return fmt.Errorf("fault vendor %q: want %s or %s", f.Vendor, Salesforce, CXone)
	case f.Kind == Status && (f.Status < 200 || f.Status > 599):
		return fmt.Errorf("fault status %d: want 200 to 599", f.Status)
	case (f.Kind == Slow || f.Kind == ConsoleDelay) && f.Delay <= 0:
		return fmt.Errorf("%s fault without a delay", f.Kind)
	case f.Kind == StreamGap && !slices.Contains(gaps(), f.Code):
		return fmt.Errorf("fault code %q: want one of %v", f.Code, gaps())
	case f.Kind == BusError && !salesforce.KnownBusError(f.Code):
		return fmt.Errorf("fault code %q: no refusal of the Pub/Sub API", f.Code)
	}
	return nil
}

func (f Fault) matches(vendor, method, path, text string) bool {
	return (f.Vendor == "" || f.Vendor == vendor) &&
		(f.Method == "" || strings.EqualFold(f.Method, method)) &&
		(f.Path == "" || glob(f.Path, path)) &&
		(f.Contains == "" || strings.Contains(text, f.Contains))
}

// glob matches a path with "*" for any run of characters.
func glob(pattern, path string) bool {
	first, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == path
	}
	path, ok := strings.CutPrefix(path, first)
	for ok {
		part, more, again := strings.Cut(rest, "*")
		if !again {
			return strings.HasSuffix(path, part)
		}
		_, path, ok = strings.Cut(path, part)
		rest = more
	}
	return false
}

// script is the list of faults still to come.
type script struct {
	mu     sync.Mutex
	faults []*scripted
}

type scripted struct {
	Fault
	seen, done int
}

func (s *script) add(faults []Fault) error {
	for _, f := range faults {
		if err := f.check(); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		if f.Times == 0 {
			f.Times = 1
		}
		s.faults = append(s.faults, &scripted{Fault: f})
	}
	return nil
}

func (s *script) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

func (s *script) list() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	faults := []Fault{}
	for _, f := range s.faults {
		if f.Times < 0 || f.done < f.Times {
			faults = append(faults, f.Fault)
		}
	}
	return faults
}

// take returns the fault that meets a call, nil for none. Every fault that
// matches sees the call; the first that is due meets it.
func (s *script) take(vendor, method, path, text string) *Fault {
	return s.takeOf(func(k Kind) bool { return k != BusError && !ofStream(k) && !ofConsole(k) }, vendor, method, path, text)
}

// takeOf is take among some kinds; the others do not even see the call.
func (s *script) takeOf(kinds func(Kind) bool, vendor, method, path, text string) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	var due *scripted
	for _, f := range s.faults {
		if !kinds(f.Kind) || !f.matches(vendor, method, path, text) {
			continue
		}
		f.seen++
		if due == nil && f.seen > f.After && (f.Times < 0 || f.done < f.Times) {
			due = f
		}
	}
	if due == nil {
		return nil
	}
	due.done++
	fault := due.Fault
	return &fault
}

// has reports whether any fault of a kind is in the script, done or not.
func (s *script) has(kind Kind) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.faults, func(f *scripted) bool { return f.Kind == kind })
}
