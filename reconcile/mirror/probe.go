package mirror

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/store"
	"github.com/lockstep-sync/lockstep/schema"
)

// A Probe moves one volunteer on one side and back, and times both. It is for
// somebody who agreed to it, while no sync serves them.
type Probe struct {
	CXone      CXone
	Salesforce Salesforce
	Who        Match
	// State and Status are what the volunteer is moved to for a moment.
	State  schema.ACDState
	Status string
	// Epoch is that of the tenant's lease: consoles refuse older ones.
	Epoch uint64
}

// A Probed is what became of one side.
type Probed struct {
	Side     string
	From, To string
	// Set and Restored are from the call to the moment when the side showed it.
	Set, Restored time.Duration
	Err           error // why it was not moved, or could not be moved back
}

const (
	probePatience = 20 * time.Second       // both vendors are eventually consistent
	probePause    = 250 * time.Millisecond // between looks
)

// Hold takes a tenant's lease for as long as a probe may take, so that no sync
// moves anybody meanwhile. While a sync runs it is [store.ErrHeld], and the lease
// returned says whose.
func Hold(ctx context.Context, s store.Store, tenant, owner string) (store.Lease, error) {
	return s.Acquire(ctx, leaseName(tenant), owner, 5*probePatience)
}

// Run moves the volunteer on both sides, one after the other. What was moved is
// moved back even when ctx has ended meanwhile.
func (p *Probe) Run(ctx context.Context) []Probed {
	probed := []Probed{p.move(ctx, cxoneProbe{p})}
	if p.Salesforce.Bridged() {
		probed = append(probed, p.move(ctx, salesforceProbe{p}))
	}
	return probed
}

// A side is what a probe needs of one vendor; values are as a person reads them.
type probeSide interface {
	name() string
	target() string
	look(ctx context.Context) (string, error)
	set(ctx context.Context, from, to string) schema.Receipt
	settable(value string) error
}

func (p *Probe) move(ctx context.Context, side probeSide) Probed {
	r := Probed{Side: side.name(), To: side.target()}
	if r.From, r.Err = side.look(ctx); r.Err != nil {
		return r
	}
	if r.Err = side.settable(r.From); r.Err != nil {
		return r
	}
	if r.From == r.To {
		r.Err = fmt.Errorf("the volunteer shows %s already, so nothing would be seen to move; ask for something else first", r.To)
		return r
	}
	if r.Set, r.Err = p.timed(ctx, side, r.From, r.To); r.Err != nil {
		r.Err = fmt.Errorf("move to %s: %w", r.To, r.Err)
	}
	back, err := p.timed(context.WithoutCancel(ctx), side, r.To, r.From)
	if r.Restored = back; err != nil {
		r.Err = errors.Join(r.Err, fmt.Errorf("move back to %s: %w", r.From, err))
	}
	return r
}

// timed sets a value and waits until it shows.
func (p *Probe) timed(ctx context.Context, side probeSide, from, to string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, probePatience)
	defer cancel()
	begin := time.Now()
	if shows, err := side.look(ctx); err == nil && shows == to {
		return 0, nil
	}
	if receipt := side.set(ctx, from, to); receipt.Result != schema.Accepted {
		return 0, errors.New(outcome(receipt))
	}
	for {
		shows, err := side.look(ctx)
		if err == nil && shows == to {
			return time.Since(begin), nil
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("it was accepted and does not show after %s; %s shows instead", probePatience, shows)
		case <-time.After(probePause):
		}
	}
}

func outcome(r schema.Receipt) string {
	text := map[schema.Reception]string{
		schema.Unanswered: "no answer", schema.Refused: "refused", schema.Unreachable: "not reachable",
	}[r.Result]
	if r.Detail != "" {
		text += ": " + r.Detail
	}
	return text
}

type cxoneProbe struct{ *Probe }

func (p cxoneProbe) name() string   { return sideCXone }
func (p cxoneProbe) target() string { return p.State.String() }

func (p cxoneProbe) look(ctx context.Context) (string, error) {
	state, err := p.state(ctx)
	return state.String(), err
}

func (p cxoneProbe) state(ctx context.Context) (schema.ACDState, error) {
	news, err := p.CXone.Poll(ctx, nil)
	if err != nil {
		return schema.ACDState{}, err
	}
	for _, s := range news.Sightings {
		if s.Person == p.Who.CXone.ID {
			return s.State, nil
		}
	}
	return schema.ACDState{Word: schema.StateLoggedOut}, nil
}

func (p cxoneProbe) settable(value string) error {
	state, err := parseState(value)
	if err != nil || state.Code == "" && state.Word != schema.StateAvailable {
		return fmt.Errorf("the volunteer shows %s, which cannot be set again afterwards; ask for Available or a code first", value)
	}
	return nil
}

func (p cxoneProbe) set(ctx context.Context, _, to string) schema.Receipt {
	state, err := parseState(to)
	if err != nil {
		return schema.Receipt{Result: schema.Refused, Detail: err.Error()}
	}
	return p.CXone.SetState(ctx, p.Who.CXone.ID, state)
}

// parseState reads what [schema.ACDState.String] writes.
func parseState(text string) (schema.ACDState, error) {
	var code string
	if n, _ := fmt.Sscanf(text, "code %q", &code); n == 1 {
		return schema.ACDState{Code: code}, nil
	}
	if text == "" {
		return schema.ACDState{}, errors.New("no state")
	}
	return schema.ACDState{Word: text}, nil
}

type salesforceProbe struct{ *Probe }

func (p salesforceProbe) name() string   { return sideSalesforce }
func (p salesforceProbe) target() string { return p.Status }

func (p salesforceProbe) look(ctx context.Context) (string, error) {
	news, err := p.Salesforce.Look(ctx, []string{p.Who.Salesforce.ID})
	if err != nil {
		return "", err
	}
	for _, s := range news.Sightings {
		if s.Person == p.Who.Salesforce.ID {
			return s.Status, nil
		}
	}
	return schema.Offline, nil
}

func (p salesforceProbe) settable(value string) error {
	if value == schema.Offline {
		return errors.New("the volunteer is not logged in to Omni-Channel, and nobody is logged in by Lockstep")
	}
	return nil
}

func (p salesforceProbe) set(ctx context.Context, from, to string) schema.Receipt {
	now := time.Now()
	receipts := p.Salesforce.Push(ctx, []schema.Push{{
		Person: p.Who.Salesforce.ID, ID: fmt.Sprintf("probe-%s-%d", p.Who.Salesforce.ID, now.UnixNano()),
		Epoch: p.Epoch, Expires: now.Add(probePatience), Status: to, Expected: from,
	}})
	if len(receipts) != 1 {
		return schema.Receipt{Result: schema.Unanswered}
	}
	return receipts[0]
}
