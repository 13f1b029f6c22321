package schema

// A Record is a set of named values with a fixed [Shape]: an object's
// arguments, a nested block, or one row of a table.
type Record struct {
	Shape  *Shape
	values []Value
}

// NewRecord makes an empty record of a shape.
func NewRecord(shape *Shape) Record {
	return Record{Shape: shape, values: make([]Value, len(shape.Arguments))}
}

// Get returns the named value, nil when it is not set. Naming an argument
// that the shape does not have is a bug and panics.
func (r Record) Get(name string) Value { return r.values[r.Shape.mustIndex(name)] }

// At returns the i-th value, in the order of the shape's arguments.
func (r Record) At(i int) Value { return r.values[i] }

// Set changes the named value in place. Copies of the record share it; see
// [Record.Clone].
func (r Record) Set(name string, v Value) { r.values[r.Shape.mustIndex(name)] = v }

// SetAt changes the i-th value.
func (r Record) SetAt(i int, v Value) { r.values[i] = v }

// Clone returns a record that can be changed without changing r. Lists and
// nested records are shared.
func (r Record) Clone() Record {
	c := NewRecord(r.Shape)
	copy(c.values, r.values)
	return c
}

// Text returns the named value as text; see [Text].
func (r Record) Text(name string) string { return Text(r.Get(name)) }

// Texts returns the named list's elements as text.
func (r Record) Texts(name string) []string {
	list := r.List(name)
	texts := make([]string, len(list))
	for i, v := range list {
		texts[i] = Text(v)
	}
	return texts
}

// List returns the named list, nil when it is not set.
func (r Record) List(name string) List {
	list, _ := r.Get(name).(List)
	return list
}

// Bool reports whether the named value is set and true.
func (r Record) Bool(name string) bool {
	b, _ := r.Get(name).(Bool)
	return bool(b)
}

// Secret returns the named secret, the zero Secret when it is not set.
func (r Record) Secret(name string) Secret {
	s, _ := r.Get(name).(Secret)
	return s
}

// Record returns the named nested record; ok is false when it is not set.
func (r Record) Record(name string) (nested Record, ok bool) {
	nested, ok = r.Get(name).(Record)
	return nested, ok
}

// Records returns the records of the named list.
func (r Record) Records(name string) []Record {
	list := r.List(name)
	records := make([]Record, 0, len(list))
	for _, v := range list {
		if record, ok := v.(Record); ok {
			records = append(records, record)
		}
	}
	return records
}
