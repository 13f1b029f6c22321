package config

import "github.com/lockstep-sync/lockstep/schema"

// maxInterned bounds what an interner holds; what repeats is met early.
const maxInterned = 4096

// An interner gives texts that repeat, such as option = "online", one value
// between them. A nil interner makes a value for each.
type interner struct{ values map[string]schema.Value }

func newInterner() *interner { return &interner{values: map[string]schema.Value{}} }

func (in *interner) value(text string) schema.Value {
	if in == nil || len(text) > 64 {
		return schema.String(text)
	}
	if v, ok := in.values[text]; ok {
		return v
	}
	v := schema.Value(schema.String(text))
	if len(in.values) < maxInterned {
		in.values[text] = v
	}
	return v
}
