package reconcile

import (
	"cmp"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/lockstep-sync/lockstep/schema"
	"golang.org/x/crypto/scrypt"
)

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
