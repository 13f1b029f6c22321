package salesforce

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
	"github.com/lockstep-sync/lockstep/schema"
)

// A part is what one step adds to a wave: components that go into the wave's
// deploy, and calls that follow it.
type part struct {
	step *schema.Step
	org  *snapshot // what the newest reading saw

	components []Component
	overlays   []overlay
	removed    []Member
	rewrites   []rewrite
	after      []call

	// instead is what is deployed when the vendor refuses what is removed, nil
	// where nothing may be refused.
	instead *part

	outcome schema.Outcome
}

func newPart(step *schema.Step, org *snapshot) *part {
	return &part{step: step, org: org, outcome: schema.Outcome{Step: step, Result: schema.NotDone}}
}

// A rewrite is a component that deploys whole: it is read, modified in one
// place and written back, so that what is not ours stays as it is.
type rewrite struct {
	Member
	modify func(body *Node) error
}

// A call is REST work after the deploy, and how many calls it takes.
type call struct {
	calls int
	do    func(context.Context, *Connection) error
}

func (p *part) deploy(components ...Component) { p.components = append(p.components, components...) }
func (p *part) delete(members ...Member)       { p.removed = append(p.removed, members...) }

func (p *part) rewrite(typ, fullName string, modify func(*Node) error) {
	p.rewrites = append(p.rewrites, rewrite{Member{typ, fullName}, modify})
}

func (p *part) then(calls int, do func(context.Context, *Connection) error) {
	p.after = append(p.after, call{calls, do})
}

// deploys reports whether the part has anything to deploy.
func (p *part) deploys() bool {
	return len(p.components)+len(p.overlays)+len(p.removed)+len(p.rewrites) > 0
}

// size is how many files the part adds to a deploy.
func (p *part) size() int {
	n := len(p.overlays) + len(p.removed) + len(p.rewrites)
	for _, c := range p.components {
		n += max(1, len(c.Files))
	}
	return n
}

// members names everything that the part deploys.
func (p *part) members() []Member {
	members := slices.Clone(p.removed)
	for _, c := range p.components {
		members = append(members, Member{c.Type, c.FullName})
	}
	for _, w := range p.rewrites {
		members = append(members, w.Member)
	}
	return members
}

func (p *part) fail(err error) {
	p.outcome.Result, p.outcome.Err = schema.NotDone, err
	if rest.IsUnclear(err) {
		p.outcome.Result = schema.Unclear
	}
}

func (p *part) failed() bool { return p.outcome.Err != nil || p.outcome.Because != "" }

// maxFiles bounds a deploy; the vendor takes 10,000 files (SECONDARY).
const maxFiles = 9000

// arrange lays a wave out: one metadata deploy for everything that can be
// deployed, and a call of its own for each step that cannot.
func arrange(c *Connection, org *snapshot, steps []*schema.Step) []schema.Operation {
	var deploys [][]*part
	var alone []schema.Operation
	size := 0
	for _, step := range steps {
		p := newPart(step, org)
		kindOf(step.Kind.Name).change(p)
		if !p.deploys() {
			alone = append(alone, operation(c, p))
			continue
		}
		if len(deploys) == 0 || size+p.size() > maxFiles {
			deploys, size = append(deploys, nil), 0
		}
		last := len(deploys) - 1
		deploys[last] = append(deploys[last], p)
		size += p.size()
	}
	operations := make([]schema.Operation, 0, len(deploys)+len(alone))
	for _, parts := range deploys {
		operations = append(operations, operation(c, parts...))
	}
	return append(operations, alone...)
}

func operation(c *Connection, parts ...*part) schema.Operation {
	w := &wave{conn: c, parts: parts}
	o := schema.Operation{Calls: w.calls(), Fallback: w.fallback(), Run: w.run}
	for _, p := range parts {
		o.Steps = append(o.Steps, p.step)
	}
	return o
}

// A wave is the parts that are carried out together.
type wave struct {
	conn  *Connection
	parts []*part
}

// calls is the number of calls that run makes, polling apart.
func (w *wave) calls() int {
	n := readsFor(w.parts)
	if slices.ContainsFunc(w.parts, hasOverlays) {
		n++ // the listing of profiles
	}
	if slices.ContainsFunc(w.parts, (*part).deploys) {
		n++
	}
	for _, p := range w.parts {
		for _, c := range p.after {
			n += c.calls
		}
	}
	return n
}

// run carries the parts out: reads what deploys whole, deploys everything at
// once, and makes the calls that follow. It says how each part ended.
func (w *wave) run(ctx context.Context) []schema.Outcome {
	outcomes := make([]schema.Outcome, len(w.parts))
	w.deploy(ctx)
	for i, p := range w.parts {
		if !p.failed() {
			w.finish(ctx, p)
		}
		outcomes[i] = p.outcome
	}
	return outcomes
}

func (w *wave) finish(ctx context.Context, p *part) {
	for _, c := range p.after {
		if err := c.do(ctx, w.conn); err != nil {
			p.fail(err)
			return
		}
	}
	p.outcome.Result = schema.Done
}

// deploy sends everything in one deploy and tells each part how it ended.
func (w *wave) deploy(ctx context.Context) {
	if !slices.ContainsFunc(w.parts, (*part).deploys) {
		return
	}
	result, err := w.send(ctx)
	if err == nil && !result.Success {
		if refused := w.refusedDeletions(result); len(refused) > 0 {
			w.abandon(ctx, refused)
			return
		}
	}
	w.judge(result, err)
}

// send deploys the parts that have not failed, if there are any.
func (w *wave) send(ctx context.Context) (DeployResult, error) {
	pack := w.pack(ctx, w.parts)
	if len(pack.Components)+len(pack.Destructive) == 0 {
		return DeployResult{Success: true}, nil // each part has its own reason
	}
	return w.conn.Deploy(ctx, pack, DeployOptions{})
}

// judge gives the parts of a deploy their outcomes. A deploy is all or
// nothing: the part that was refused has its reason, the others were rolled
// back because of it.
func (w *wave) judge(result DeployResult, err error) {
	if err == nil && result.Success {
		return
	}
	var culprit schema.Address
	for _, p := range w.parts {
		if err != nil || p.failed() {
			continue
		}
		if problem := problemOf(p, result); problem != nil {
			p.fail(problem)
			if culprit == "" {
				culprit = p.step.Address
			}
		}
	}
	for _, p := range w.parts {
		switch {
		case p.failed():
		case err != nil:
			p.fail(err)
		case culprit != "":
			p.outcome.Because, p.outcome.Err = culprit, errRolledBack
		default:
			p.fail(result.Err())
		}
	}
}

// errRolledBack is what is said of the parts of a deploy that were not refused.
var errRolledBack = errors.New("a deploy is kept whole or not at all")

func problemOf(p *part, result DeployResult) error {
	for _, m := range p.members() {
		if problem := result.Problem(m); problem != nil {
			return fmt.Errorf("deploy %s %s: %w", m.Type, m.FullName, problem)
		}
	}
	return nil
}
