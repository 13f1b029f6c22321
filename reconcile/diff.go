package reconcile

import "github.com/lockstep-sync/lockstep/schema"

// A sentBefore says whether a write-only value is the one that was sent last.
type sentBefore func(path string, v schema.Secret) sent

type sent int

const (
	sentSame sent = iota
	sentOther
	sentUnknown // there is no record of it
)

// A difference is the outcome of comparing one object.
type difference struct {
	changes []schema.Change
	replace bool     // an immutable argument changed
	untold  []string // paths of write-only values of which there is no record
}

// A differ compares one wanted object with the held one.
type differ struct {
	wanted, held *schema.Object
	before       sentBefore
	result       difference
}

// compare lists what must change so that held becomes wanted. A nil held
// object means that everything set is to be created.
func compare(wanted, held *schema.Object, before sentBefore) difference {
	d := differ{wanted: wanted, held: held, before: before}
	record := schema.NewRecord(wanted.Kind.Shape)
	if held != nil {
		record = held.Record
	}
	d.record("", wanted.Record, record)
	if held != nil && wanted.Kind.Differ != nil {
		d.result.changes = append(d.result.changes, wanted.Kind.Differ(wanted, held)...)
	}
	return d.result
}

func (d *differ) record(prefix string, wanted, held schema.Record) {
	for i := range wanted.Shape.Arguments {
		argument := &wanted.Shape.Arguments[i]
		if d.managed(prefix, argument, wanted.At(i)) {
			d.argument(prefix, i, argument, wanted.At(i), held.At(i))
		}
	}
}

// managed reports whether the block says anything about the argument that the
// vendor could hold.
func (d *differ) managed(prefix string, argument *schema.Argument, wanted schema.Value) bool {
	if wanted == nil || argument.Unread {
		return false
	}
	return d.held == nil || prefix != "" || argument.Name != d.wanted.Kind.Key
}

func (d *differ) argument(prefix string, i int, argument *schema.Argument, wanted, held schema.Value) {
	path := prefix + argument.Name
	if nested, ok := wanted.(schema.Record); ok {
		was, ok := held.(schema.Record)
		if !ok {
			was = schema.NewRecord(nested.Shape)
		}
		d.record(path+".", nested, was)
		return
	}
	if argument.WriteOnly && d.held != nil {
		d.writeOnly(path, i, wanted)
		return
	}
	if held == nil && argument.Computed && d.held != nil {
		return // given because it cannot be read; nothing to compare with
	}
	if same(argument, wanted, held) {
		return
	}
	d.result.replace = d.result.replace || argument.Immutable && d.held != nil
	d.result.changes = append(d.result.changes, schema.Change{
		Path: path, Wanted: wanted, Held: held, Source: d.source(i, path), Secret: argument.Secret,
	})
}

// writeOnly compares with the record, because the vendor never shows it.
func (d *differ) writeOnly(path string, i int, wanted schema.Value) {
	change := schema.Change{Path: path, Wanted: wanted, Source: d.source(i, path), Secret: true}
	secret, known := wanted.(schema.Secret)
	if !known {
		change.Note = "sent once it is known"
		d.result.changes = append(d.result.changes, change)
		return
	}
	switch d.before(path, secret) {
	case sentSame:
	case sentOther:
		change.Note = "differs from what was sent last"
		d.result.changes = append(d.result.changes, change)
	case sentUnknown:
		d.result.untold = append(d.result.untold, path)
	}
}

func (d *differ) source(i int, path string) schema.Range {
	if _, top := d.wanted.Kind.Shape.Index(path); top {
		return d.wanted.Source.Argument(i)
	}
	return d.wanted.Source.At(path)
}

// same compares two values the way their argument asks for.
func same(argument *schema.Argument, wanted, held schema.Value) bool {
	if !schema.Known(wanted) {
		return false
	}
	if argument.Same != nil {
		return argument.Same(wanted, held)
	}
	if argument.Type.Base == schema.SetType {
		w, _ := wanted.(schema.List)
		h, _ := held.(schema.List)
		return schema.EqualSet(w, h)
	}
	return schema.Equal(wanted, held)
}
