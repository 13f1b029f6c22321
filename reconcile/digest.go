package reconcile

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"slices"
	"strconv"

	"github.com/lockstep-sync/lockstep/schema"
)

// digestOf returns a digest of an object's values without its secrets, so
// that it may stand in a plan file. A nil object has a digest of its own. Sets
// are digested in a fixed order.
func digestOf(o *schema.Object) string {
	if o == nil {
		return "absent"
	}
	h := sha256.New()
	write(h, o.Kind.Name, o.Key())
	digestRecord(h, o.Record)
	return hex.EncodeToString(h.Sum(nil))
}

func digestRecord(h hash.Hash, r schema.Record) {
	for i := range r.Shape.Arguments {
		argument := &r.Shape.Arguments[i]
		if r.At(i) == nil || argument.Secret {
			continue
		}
		write(h, argument.Name)
		digestValue(h, argument.Type, r.At(i))
	}
}

func digestValue(h hash.Hash, t schema.Type, v schema.Value) {
	switch v := v.(type) {
	case schema.Record:
		write(h, "{")
		digestRecord(h, v)
		write(h, "}")
	case schema.List:
		digestList(h, t, v)
	case schema.Secret:
		write(h, "secret")
	case schema.Ref:
		write(h, v.Key, v.Label) // people read and type the label
	default:
		write(h, schema.Text(v))
	}
}

func digestList(h hash.Hash, t schema.Type, list schema.List) {
	var elem schema.Type
	if t.Elem != nil {
		elem = *t.Elem
	}
	sums := make([]string, len(list))
	for i, e := range list {
		one := sha256.New()
		digestValue(one, elem, e)
		sums[i] = string(one.Sum(nil))
	}
	if t.Base == schema.SetType {
		slices.Sort(sums)
	}
	write(h, "[", strconv.Itoa(len(list)))
	write(h, sums...)
}

// write feeds texts with their lengths, so that no two lists of texts give the
// same bytes.
func write(w io.Writer, texts ...string) {
	for _, text := range texts {
		_, _ = io.WriteString(w, strconv.Itoa(len(text))+":"+text)
	}
}
