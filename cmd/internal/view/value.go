package view

import (
	"strconv"
	"strings"

	"github.com/lockstep-sync/lockstep/schema"
)

const knownLater = "(known after apply)"

// value writes a value on one line, as it would stand in a configuration.
func value(v schema.Value) string {
	switch v := v.(type) {
	case nil:
		return "(none)"
	case schema.Unknown, schema.Later:
		return faint.Render(knownLater)
	case schema.Secret:
		return secret(v)
	case schema.Ref:
		return strconv.Quote(v.Key)
	case schema.String:
		return strconv.Quote(string(v))
	case schema.Duration:
		return strconv.Quote(schema.Text(v))
	case schema.List:
		return "[" + joined(v, ", ") + "]"
	case schema.Record:
		return row(v)
	}
	return schema.Text(v)
}

func secret(s schema.Secret) string {
	if s.Source() == "" {
		return faint.Render(schema.Redacted)
	}
	return faint.Render("(secret from " + s.Source() + ")")
}

func joined(list schema.List, separator string) string {
	texts := make([]string, len(list))
	for i, e := range list {
		texts[i] = value(e)
	}
	return strings.Join(texts, separator)
}

// row writes a record on one line; a presence row as "state → status".
func row(r schema.Record) string {
	var texts []string
	for i := range r.Shape.Arguments {
		if r.At(i) != nil {
			texts = append(texts, r.Shape.Arguments[i].Name+" = "+value(r.At(i)))
		}
	}
	return "{ " + strings.Join(texts, ", ") + " }"
}

// isLong reports whether a list is better shown one element a line.
func isLong(list schema.List) bool {
	if len(list) == 0 {
		return false
	}
	_, rows := list[0].(schema.Record)
	return rows || len(list) > 4
}
