package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/schema"
)

// app is a kind whose key and secret only the vendor gives; room refers to it.
var (
	appKind = &schema.Kind{
		Name: "app", Provider: "acme", Key: "name", Deletable: true,
		Shape: schema.NewShape(
			schema.Argument{Name: "name", Type: schema.TextType()},
			schema.Argument{Name: "label", Type: schema.TextType()},
			schema.Argument{Name: "region", Type: schema.TextType(), Immutable: true},
			schema.Argument{Name: "token", Type: schema.TextType(), Computed: true},
		),
	}
	roomKind = &schema.Kind{
		Name: "room", Provider: "acme", Key: "name", Deletable: true,
		Shape: schema.NewShape(
			schema.Argument{Name: "name", Type: schema.TextType()},
			schema.Argument{Name: "label", Type: schema.TextType()},
			schema.Argument{Name: "seats", Type: schema.SetOf(schema.TextType())},
			schema.Argument{Name: "app", Type: schema.RefTo("app")},
			schema.Argument{Name: "token", Type: schema.TextType()},
			schema.Argument{Name: "org", Type: schema.TextType(), Fact: "acme.org"},
			schema.Argument{Name: "password", Type: schema.TextType(), Secret: true, WriteOnly: true},
		),
	}
	acme = &schema.Vendor{Name: "acme", Title: "Acme", Kinds: []*schema.Kind{appKind, roomKind}}
)

// memory is a vendor that holds objects in memory.
type memory struct {
	mu     sync.Mutex
	held   map[string]*schema.Object // by kind and key
	calls  schema.Calls
	where  string
	unseen map[schema.Address]string

	// Misbehaviour, by address.
	fail   map[schema.Address]error // refuse
	lose   map[schema.Address]int   // carry out, then lose the answer, so many times
	drop   map[schema.Address]int   // do nothing, and lose the answer
	hidden int                      // reads for which nothing new shows
	skip   map[schema.Address]bool  // arrange nothing
	stale  map[string]*schema.Object
	order  []schema.Address // of writes
	onCall func()
}

func newMemory(held ...*schema.Object) *memory {
	m := &memory{held: map[string]*schema.Object{}, where: "Acme 1", fail: map[schema.Address]error{}, lose: map[schema.Address]int{}, drop: map[schema.Address]int{}}
	for _, o := range held {
		m.held[o.Kind.Name+"."+o.Key()] = o
	}
	return m
}

func (m *memory) Vendor() *schema.Vendor                  { return acme }
func (m *memory) Amend([]*schema.Step) schema.Diagnostics { return nil }
func (m *memory) Calls() schema.Calls                     { m.mu.Lock(); defer m.mu.Unlock(); return m.calls }

func (m *memory) Read(ctx context.Context, _ schema.Query) (*schema.Held, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	m.count(ctx)
	shown := m.held
	if m.hidden > 0 && m.stale != nil {
		m.hidden--
		shown = m.stale
	}
	held := &schema.Held{Where: m.where, Facts: map[string]schema.Value{"acme.org": schema.String("00D")}, Unseen: m.unseen}
	for _, key := range slices.Sorted(maps.Keys(shown)) {
		held.Objects = append(held.Objects, shown[key].Clone())
	}
	return held, nil
}

func (m *memory) count(ctx context.Context) {
	switch schema.PurposeOf(ctx) {
	case schema.Writing:
		m.calls.Writing++
	case schema.ReadBack:
		m.calls.ReadBack++
	default:
		m.calls.Reading++
	}
	if m.onCall != nil {
		m.onCall()
	}
}

// Arrange makes one operation, and one call, of each step.
func (m *memory) Arrange(steps []*schema.Step) []schema.Operation {
	var operations []schema.Operation
	for _, step := range steps {
		if m.skip[step.Address] {
			continue
		}
		operations = append(operations, schema.Operation{Steps: []*schema.Step{step}, Calls: 1, Run: func(ctx context.Context) []schema.Outcome {
			return []schema.Outcome{m.write(ctx, step)}
		}})
	}
	return operations
}

func (m *memory) write(ctx context.Context, step *schema.Step) schema.Outcome {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count(ctx)
	if ctx.Err() != nil {
		return schema.Outcome{Step: step, Result: schema.NotDone, Err: ctx.Err()}
	}
	m.order = append(m.order, step.Address)
	if err := m.fail[step.Address]; err != nil {
		return schema.Outcome{Step: step, Result: schema.NotDone, Err: err}
	}
	if m.drop[step.Address] > 0 {
		m.drop[step.Address]--
		return schema.Outcome{Step: step, Result: schema.Unclear, Err: errors.New("connection lost")}
	}
	if m.hidden > 0 && m.stale == nil {
		m.stale = maps.Clone(m.held)
	}
	m.store(step)
	if m.lose[step.Address] > 0 {
		m.lose[step.Address]--
		return schema.Outcome{Step: step, Result: schema.Unclear, Err: errors.New("connection lost")}
	}
	return schema.Outcome{Step: step, Result: schema.Done}
}

func (m *memory) store(step *schema.Step) {
	if step.Wanted == nil {
		delete(m.held, step.Kind.Name+"."+step.Held.Key())
		return
	}
	o := schema.NewObject(step.Kind)
	if step.Held != nil {
		o = step.Held.Clone()
	}
	for i := range step.Kind.Shape.Arguments {
		argument := &step.Kind.Shape.Arguments[i]
		if v := step.Wanted.At(i); v != nil && !argument.WriteOnly {
			o.SetAt(i, v)
		}
	}
	if step.Kind == appKind && o.Get("token") == nil {
		o.Set("token", schema.String("token-of-"+o.Key()))
	}
	m.held[step.Kind.Name+"."+o.Key()] = o
}

// object makes a wanted object; pairs are argument names and values.
func object(kind *schema.Kind, name string, pairs ...any) *schema.Object {
	o := schema.NewObject(kind)
	o.Address = schema.NewAddress(kind.Name, name)
	o.Set("name", schema.String(name))
	for i := 0; i < len(pairs); i += 2 {
		o.Set(pairs[i].(string), pairs[i+1].(schema.Value))
		if ref, ok := pairs[i+1].(schema.Ref); ok {
			o.DependsOn = append(o.DependsOn, ref.Address)
		}
	}
	return o
}

// held makes an object as the vendor holds it.
func held(kind *schema.Kind, name string, pairs ...any) *schema.Object {
	o := object(kind, name, pairs...)
	o.Address, o.DependsOn = "", nil
	return o
}

func wanted(objects ...*schema.Object) reconcile.Wanted { return reconcile.Wanted{Objects: objects} }

// sketch writes a plan's steps in short, for comparing.
func sketch(p *reconcile.Plan) []string {
	var lines []string
	for _, step := range p.Steps {
		line := fmt.Sprintf("%c %s", step.Action, step.Address)
		for _, change := range step.Changes {
			line += fmt.Sprintf(" %s:%s→%s", change.Path, schema.Text(change.Held), schema.Text(change.Wanted))
		}
		lines = append(lines, line)
	}
	return lines
}
