package salesforce

import (
	"context"
	"fmt"
	"slices"

	"github.com/lockstep-sync/lockstep/schema"
)

// byType sorts the members that parts rewrite by type, each once.
func byType(parts []*part) (types []string, names map[string][]string) {
	names = map[string][]string{}
	for _, p := range parts {
		for _, w := range p.rewrites {
			if names[w.Type] == nil {
				types = append(types, w.Type)
			}
			if !slices.Contains(names[w.Type], w.FullName) {
				names[w.Type] = append(names[w.Type], w.FullName)
			}
		}
	}
	return types, names
}

// readsFor is how many calls reading what the parts rewrite takes.
func readsFor(parts []*part) int {
	calls := 0
	types, names := byType(parts)
	for _, typ := range types {
		most := metadataPerCall(typ)
		calls += (len(names[typ]) + most - 1) / most
	}
	return calls
}

// pack makes the package of the parts that are still in the race. A part whose
// component cannot be read or modified fails here and stays out.
func (w *wave) pack(ctx context.Context, parts []*part) Package {
	w.nameProfiles(ctx, parts)
	bodies := w.readAll(ctx, parts)
	var pack Package
	for _, p := range parts {
		if !p.failed() {
			modifyAll(p, bodies)
		}
	}
	written := map[Member]bool{}
	for _, p := range parts {
		if p.failed() {
			continue
		}
		pack.Destructive = append(pack.Destructive, p.removed...)
		pack.Components = append(pack.Components, p.components...)
		for _, rewritten := range p.rewrites {
			if !written[rewritten.Member] {
				written[rewritten.Member] = true
				pack.Components = append(pack.Components, bodies[rewritten.Member])
			}
		}
	}
	pack.Components = merged(pack.Components)
	return pack
}

// readAll reads every component that the parts rewrite, a type at a time.
func (w *wave) readAll(ctx context.Context, parts []*part) map[Member]Component {
	read := map[Member]Component{}
	types, names := byType(parts)
	for _, typ := range types {
		components, err := w.conn.ReadMetadata(ctx, typ, names[typ])
		for _, c := range components {
			read[Member{typ, c.FullName}] = c
		}
		if err != nil {
			failAll(parts, typ, fmt.Errorf("read %s: %w", typ, err))
		}
	}
	return read
}

func failAll(parts []*part, typ string, err error) {
	for _, p := range parts {
		if slices.ContainsFunc(p.rewrites, func(w rewrite) bool { return w.Type == typ }) {
			// A read changes nothing, so its lost answer leaves nothing unclear.
			p.outcome.Result, p.outcome.Err = schema.NotDone, err
		}
	}
}

func modifyAll(p *part, bodies map[Member]Component) {
	for _, w := range p.rewrites {
		component, ok := bodies[w.Member]
		if !ok {
			p.fail(fmt.Errorf("read %s %s: the org does not have it any more", w.Type, w.FullName))
			return
		}
		if err := w.modify(component.Body); err != nil {
			p.fail(fmt.Errorf("change %s %s: %w", w.Type, w.FullName, err))
			return
		}
	}
}

// merged joins components of one name, such as two overlays of one profile: a
// package can hold a file only once. The order of first appearance is kept.
func merged(components []Component) []Component {
	at := map[Member]int{}
	var joined []Component
	for _, c := range components {
		member := Member{c.Type, c.FullName}
		i, twice := at[member]
		if !twice {
			at[member] = len(joined)
			joined = append(joined, c)
			continue
		}
		if c.Body != nil && joined[i].Body != nil {
			body := *joined[i].Body
			body.Nodes = slices.Clone(body.Nodes)
			body.Add(c.Body.Nodes...)
			joined[i].Body = &body
		}
	}
	return joined
}
