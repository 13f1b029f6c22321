package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

// RecordVersion is the format of the record.
const RecordVersion = 1

// A Record remembers what no vendor tells again: which write-only values were
// sent, and which manual steps a person attested. It holds no secret, only
// salted slow digests, and it may be lost: a plan then notes that it cannot
// tell.
//
// A nil *Record remembers nothing. A Record is safe for concurrent use.
type Record struct {
	// Work is how much a new digest costs, in scrypt's N: a power of two. Zero
	// is the default, some tens of milliseconds.
	Work int

	keeper Keeper

	mu   sync.Mutex
	data recordData
}

type recordData struct {
	Version  int                            `json:"version"`
	Sent     map[string]sentDigest          `json:"sent"`     // by address and path
	Attested map[schema.Address]Attestation `json:"attested"` // by address
}

type sentDigest struct {
	Salt   string    `json:"salt"`
	Digest string    `json:"digest"`
	At     time.Time `json:"at"`
}

// An Attestation says that a person carried out a manual step.
type Attestation struct {
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Until  time.Time `json:"until,omitzero"` // zero is without end
	Ticket string    `json:"ticket,omitempty"`
	Digest string    `json:"digest"` // of what was attested
}

// OpenRecord reads a record.
func OpenRecord(ctx context.Context, keeper Keeper) (*Record, error) {
	text, err := keeper.Load(ctx)
	if err != nil {
		return nil, err
	}
	data, err := decodeRecord(text)
	if err != nil {
		return nil, err
	}
	return &Record{keeper: keeper, data: data}, nil
}

func decodeRecord(text []byte) (recordData, error) {
	data := recordData{Version: RecordVersion}
	if text != nil {
		if err := json.Unmarshal(text, &data); err != nil {
			return data, fmt.Errorf("read record: %w; move it away to start without one", err)
		}
		if data.Version > RecordVersion {
			return data, fmt.Errorf("read record: written by a newer Lockstep (version %d, this one knows %d)", data.Version, RecordVersion)
		}
	}
	if data.Sent == nil {
		data.Sent = map[string]sentDigest{}
	}
	if data.Attested == nil {
		data.Attested = map[schema.Address]Attestation{}
	}
	return data, nil
}

// change edits the record and writes it. What is kept is read again first: while
// an apply waits for a person, somebody may confirm another step.
func (r *Record) change(ctx context.Context, edit func(*recordData)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.keeper.Change(ctx, func(was []byte) ([]byte, error) {
		data, err := decodeRecord(was)
		if err != nil {
			return nil, err
		}
		edit(&data)
		is, err := json.MarshalIndent(data, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("write record: %w", err)
		}
		r.data = data
		return append(is, '\n'), nil
	})
}

func sentKey(a schema.Address, path string) string { return string(a) + " " + path }

// before says whether v is what was sent last for an argument.
func (r *Record) before(a schema.Address, path string, v schema.Secret) sent {
	if r == nil {
		return sentUnknown
	}
	r.mu.Lock()
	was, ok := r.data.Sent[sentKey(a, path)]
	r.mu.Unlock()
	if !ok {
		return sentUnknown
	}
	if sameDigest(v, was.Salt, was.Digest) {
		return sentSame
	}
	return sentOther
}

// remember notes that the secrets among a step's changes were sent, and forgets
// those of an object that is gone.
func (r *Record) remember(ctx context.Context, step *schema.Step, now time.Time) error {
	if r == nil {
		return nil
	}
	if removes(step) {
		return r.forget(ctx, step.Address)
	}
	sent := map[string]sentDigest{}
	for _, change := range step.Changes {
		if v, secret := change.Wanted.(schema.Secret); secret {
			salt := newSalt()
			sent[sentKey(step.Address, change.Path)] = sentDigest{salt, slowDigest(v, salt, r.work()), now.UTC()}
		}
	}
	if len(sent) == 0 {
		return nil
	}
	return r.change(ctx, func(data *recordData) { maps.Copy(data.Sent, sent) })
}

func (r *Record) forget(ctx context.Context, a schema.Address) error {
	ofObject := func(key string, _ sentDigest) bool { return strings.HasPrefix(key, sentKey(a, "")) }
	r.mu.Lock()
	before := len(r.data.Sent)
	maps.DeleteFunc(r.data.Sent, ofObject)
	known := len(r.data.Sent) < before
	r.mu.Unlock()
	if !known {
		return nil
	}
	return r.change(ctx, func(data *recordData) { maps.DeleteFunc(data.Sent, ofObject) })
}

// Attest notes that a person carried out a manual step.
func (r *Record) Attest(ctx context.Context, step *schema.Step, a Attestation) error {
	if r == nil {
		return errors.New("attest: there is no record to write to")
	}
	a.Digest = attestedDigest(step.Wanted, r.work())
	return r.change(ctx, func(data *recordData) { data.Attested[step.Address] = a })
}

// Attested returns what a person attested about an address.
func (r *Record) Attested(a schema.Address) (Attestation, bool) {
	if r == nil {
		return Attestation{}, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	attestation, ok := r.data.Attested[a]
	return attestation, ok
}

// attests reports whether an attestation is about just what is wanted now.
func (a Attestation) attests(wanted *schema.Object) bool {
	return a.Digest != "" && a.Digest == attestedDigest(wanted, workOf(a.Digest))
}
