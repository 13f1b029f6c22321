package reconcile

import (
	"cmp"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/scrypt"

	"github.com/lockstep-sync/lockstep/schema"
)

// RecordVersion is the format of the record file.
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

	path string

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

// OpenRecord reads the record file at path. A file that is not there is an
// empty record; it is written at the first change.
func OpenRecord(path string) (*Record, error) {
	data, err := readRecord(path)
	if err != nil {
		return nil, err
	}
	return &Record{path: path, data: data}, nil
}

func readRecord(path string) (recordData, error) {
	data := recordData{Version: RecordVersion}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return data, fmt.Errorf("read record: %w", err)
	}
	if err == nil {
		if err := json.Unmarshal(text, &data); err != nil {
			return data, fmt.Errorf("read record %s: %w; move the file away to start without one", path, err)
		}
		if data.Version > RecordVersion {
			return data, fmt.Errorf("read record %s: written by a newer Lockstep (version %d, this one knows %d)", path, data.Version, RecordVersion)
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

// change edits the record and writes it. The file is read again first: while an
// apply waits for a person, somebody may confirm another step.
func (r *Record) change(edit func(*recordData)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	latest, err := readRecord(r.path)
	if err != nil {
		return err
	}
	edit(&latest)
	r.data = latest
	return r.save()
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
func (r *Record) remember(step *schema.Step, now time.Time) error {
	if r == nil {
		return nil
	}
	if removes(step) {
		return r.forget(step.Address)
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
	return r.change(func(data *recordData) { maps.Copy(data.Sent, sent) })
}

func (r *Record) forget(a schema.Address) error {
	ofObject := func(key string, _ sentDigest) bool { return strings.HasPrefix(key, sentKey(a, "")) }
	r.mu.Lock()
	before := len(r.data.Sent)
	maps.DeleteFunc(r.data.Sent, ofObject)
	known := len(r.data.Sent) < before
	r.mu.Unlock()
	if !known {
		return nil
	}
	return r.change(func(data *recordData) { maps.DeleteFunc(data.Sent, ofObject) })
}

// Attest notes that a person carried out a manual step.
func (r *Record) Attest(step *schema.Step, a Attestation) error {
	if r == nil {
		return errors.New("attest: there is no record to write to")
	}
	a.Digest = attestedDigest(step.Wanted, r.work())
	return r.change(func(data *recordData) { data.Attested[step.Address] = a })
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

// attestedDigest covers everything that a person typed: a digest of what may
// be known, and a slow one of the secrets, salted with the first.
func attestedDigest(wanted *schema.Object, work int) string {
	digest := digestOf(wanted)
	if wanted == nil {
		return digest
	}
	secrets := secretsOf(wanted.Record)
	if len(secrets) == 0 {
		return digest
	}
	var all strings.Builder
	for _, secret := range secrets {
		write(&all, secret.Reveal())
	}
	return slowDigest(schema.NewSecret(all.String(), ""), digest, work)
}

func secretsOf(r schema.Record) []schema.Secret {
	var secrets []schema.Secret
	for i := range r.Shape.Arguments {
		switch v := r.At(i).(type) {
		case schema.Secret:
			secrets = append(secrets, v)
		case schema.Record:
			secrets = append(secrets, secretsOf(v)...)
		}
	}
	return secrets
}

func (r *Record) save() error {
	text, err := json.MarshalIndent(r.data, "", "  ")
	if err != nil {
		return fmt.Errorf("write record: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(r.path), 0o700); err != nil {
		return fmt.Errorf("write record: %w", err)
	}
	if err := replaceFile(r.path, append(text, '\n')); err != nil {
		return fmt.Errorf("write record: %w", err)
	}
	return nil
}

// replaceFile writes a file that only its owner may read, whole or not at all.
func replaceFile(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".lockstep-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already when all went well
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func newSalt() string {
	var salt [16]byte
	_, _ = rand.Read(salt[:]) // never fails
	return base64.RawStdEncoding.EncodeToString(salt[:])
}

// defaultWork makes a digest cost tens of milliseconds on purpose: whoever
// steals the record must pay that for every guess.
const defaultWork = 1 << 14

func (r *Record) work() int { return cmp.Or(r.Work, defaultWork) }

// slowDigest returns "scrypt$N$digest", so that a digest says how it was made.
func slowDigest(v schema.Secret, salt string, work int) string {
	key, err := scrypt.Key([]byte(v.Reveal()), []byte(salt), work, 8, 1, 32)
	if err != nil {
		return "" // the work is no power of two; equals no digest
	}
	return fmt.Sprintf("scrypt$%d$%s", work, base64.RawStdEncoding.EncodeToString(key))
}

func sameDigest(v schema.Secret, salt, digest string) bool {
	again := slowDigest(v, salt, workOf(digest))
	return again != "" && subtle.ConstantTimeCompare([]byte(again), []byte(digest)) == 1
}

// maxWork bounds what a tampered record can cost.
const maxWork = 1 << 20

// workOf returns the work that a digest says, 0 when it says none.
func workOf(digest string) int {
	parts := strings.Split(digest, "$")
	if len(parts) != 3 {
		return 0
	}
	work, err := strconv.Atoi(parts[1])
	if err != nil || work > maxWork {
		return 0
	}
	return work
}
