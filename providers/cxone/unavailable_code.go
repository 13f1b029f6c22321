package cxone

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
	"github.com/lockstep-sync/lockstep/schema"
)

// The time-outs that CXone accepts for a code (VERIFIED, help pages).
const (
	shortestTimeout = 30 * time.Minute
	longestTimeout  = 720 * time.Minute
	usualTimeout    = 120 * time.Minute
)

var unavailableCode = &kind{
	Kind: schema.Kind{
		Name:     "unavailable_code",
		Provider: "cxone",
		Doc: "A reason for which an agent is unavailable in CXone, such as lunch or training. " +
			"A code does nothing for an agent until it is on the agent's team. " +
			"An agent who stays in a code longer than its time-out is moved or logged out by CXone. " +
			"A code of that name that exists and is inactive is activated again.",
		Key: "name",
		Shape: schema.NewShape(
			schema.Argument{
				Name: "name", Type: schema.TextType(), Check: checkNotBlank, DefaultDoc: "the block's label",
				Doc: "The code's name as agents see it; capital and small letters differ.",
			},
			schema.Argument{
				Name: "timeout", Type: schema.SpanType(), Default: schema.Duration(usualTimeout), Check: checkTimeout,
				Doc: "How long an agent may stay in the code, in whole minutes from 30m to 720m.",
			},
			schema.Argument{
				Name: "acw", Type: schema.TruthType(), Default: schema.Bool(false),
				Doc: "Whether it is an after-call-work code, which an agent cannot pick and no rule can set.",
			},
			schema.Argument{
				Name: "teams", Type: schema.SetOf(schema.TextType()),
				Doc: "The names of the teams whose agents may use the code: the whole list. Left out, the teams stay as they are.",
			},
			schema.Argument{
				Name: "active", Type: schema.TruthType(), Computed: true,
				Doc: "Whether the code can be used. A declared code always is.",
			},
		),
		Cannot: []schema.Limit{{
			What: "delete an unavailable code",
			Why:  "CXone has no call that deletes a code (VERIFIED: the official description lists none).",
			Then: "A removed block deactivates the code and takes it off its teams; declaring it again activates it.",
		}, {
			What: "manage a code's notes",
			Why:  "CXone's list of codes does not show them (VERIFIED), and asking code by code would cost one call each.",
			Then: "Notes stay as they are.",
		}},
		Removal: "The code is taken off its teams and deactivated; CXone cannot delete it.",
		Differ:  differCode,
	},
	read:  readCodes,
	write: writeCode,
}

func checkTimeout(v schema.Value) string {
	d, ok := v.(schema.Duration)
	if !ok {
		return ""
	}
	t := time.Duration(d)
	switch {
	case t%time.Minute != 0:
		return fmt.Sprintf("The time-out %s is not a whole number of minutes, and CXone counts in minutes.", schema.Text(v))
	case t < shortestTimeout || t > longestTimeout:
		return fmt.Sprintf("The time-out %s is outside of what CXone accepts. Give 30m to 720m.", schema.Text(v))
	}
	return ""
}

func checkNotBlank(v schema.Value) string {
	if s, ok := v.(schema.String); ok && s == "" {
		return "It is empty. Give a name."
	}
	return ""
}

// differCode adds the one change that no argument asks for: a code that is
// declared is active.
func differCode(wanted, held *schema.Object) []schema.Change {
	if held.Get("active") != schema.Bool(false) {
		return nil
	}
	return []schema.Change{{
		Path: "active", Wanted: schema.Bool(true), Held: schema.Bool(false), Source: wanted.Range("name"),
		Note: "the code exists and is inactive; it is activated again",
	}}
}

// readCodes lists the codes that the query names, and counts the active ones
// that it does not.
func readCodes(k *kind, l *look) {
	wanted, removed := l.named(k)
	for _, c := range l.dir.codeList() {
		if wanted[c.Name] == nil && !removed[c.Name] {
			if c.Active {
				l.held.Unmanaged[k.Name]++
			}
			continue
		}
		retired := !c.Active && len(l.dir.holders[c.ID]) == 0
		if wanted[c.Name] != nil || !retired {
			l.held.Objects = append(l.held.Objects, codeObject(k, l.dir, c))
		}
	}
}

func codeObject(k *kind, d *directory, c code) *schema.Object {
	o := schema.NewObject(&k.Kind)
	o.ID = strconv.Itoa(c.ID)
	o.Set("name", schema.String(c.Name))
	o.Set("timeout", schema.Duration(c.timeout()))
	o.Set("acw", schema.Bool(c.ACW))
	o.Set("teams", schema.Strings(d.codeTeams(c.ID)...))
	o.Set("active", schema.Bool(c.Active))
	return o
}

// writeCode makes one write for the code, one for whether it is active and one
// for its teams, each only where it is needed.
func writeCode(d *directory, step *schema.Step) job {
	if step.Held == nil {
		return createCode(d, step.Wanted)
	}
	if step.Action == schema.Delete {
		return retireCode(d, step.Held)
	}
	var calls []call
	id := step.Held.ID
	if step.Changed("active") != nil {
		calls = append(calls, setActive(id, true))
	}
	if changedAny(step, "timeout", "acw") {
		calls = append(calls, changeCode(id, newCodeBody(step.Wanted))...)
	}
	if step.Changed("teams") != nil {
		calls = append(calls, call{"set its teams", func(ctx context.Context, c *Connection) error {
			return setTeams(ctx, c, d, id, step.Wanted.Texts("teams"))
		}})
	}
	return inTurn(calls...)
}

func createCode(d *directory, wanted *schema.Object) job {
	id := ""
	calls := []call{{"create the code", func(ctx context.Context, c *Connection) (err error) {
		if made := d.codeByName[wanted.Key()]; made != nil {
			id = strconv.Itoa(made.ID) // by a call whose answer was lost
			return nil
		}
		id, err = create(ctx, c, c.ACD("/unavailable-codes"), newCodeBody(wanted), "id")
		return err
	}}}
	if teams := wanted.Texts("teams"); len(teams) > 0 {
		calls = append(calls, call{"set its teams", func(ctx context.Context, c *Connection) error {
			return setTeams(ctx, c, d, id, teams)
		}})
	}
	return inTurn(calls...)
}

// retireCode takes a code off its teams before it deactivates it, so that what
// is left when the second call fails is a code nobody can pick.
func retireCode(d *directory, held *schema.Object) job {
	var calls []call
	if len(held.List("teams")) > 0 {
		calls = append(calls, call{"take the code off its teams", func(ctx context.Context, c *Connection) error {
			return setTeams(ctx, c, d, held.ID, nil)
		}})
	}
	if held.Bool("active") {
		calls = append(calls, setActive(held.ID, false))
	}
	return inTurn(calls...)
}

func setActive(id string, active bool) call {
	what := "activate the code"
	if !active {
		what = "deactivate the code"
	}
	return call{what, func(ctx context.Context, c *Connection) error {
		query := url.Values{"isActive": {strconv.FormatBool(active)}}
		_, err := c.Patch(rest.Repeatable(ctx), c.ACD("/unavailable-codes/"+id+"/status"), query, nil)
		return err
	}}
}

// setTeams replaces the list of teams that hold a code. Teams that the vendor
// does not take come back in an answer of success (VERIFIED for the call that
// adds; UNCERTAIN for this one).
func setTeams(ctx context.Context, c *Connection, d *directory, id string, teams []string) error {
	type entry struct {
		ID string `json:"teamId"` // "id" where teams are added or removed (VERIFIED)
	}
	ids, err := d.teamIDs(teams)
	if err != nil {
		return err
	}
	list := make([]entry, len(ids))
	for i, id := range ids {
		list[i].ID = strconv.Itoa(id)
	}
	answer, err := c.Put(ctx, c.ACD("/unavailable-codes/"+id+"/teams"), nil, map[string]any{"teams": list})
	if err != nil {
		return err
	}
	body, err := answer.Loose()
	if err != nil {
		return err
	}
	if refused := body.List("invalidTeams"); len(refused) > 0 {
		return fmt.Errorf("CXone did not take %d of %d teams", len(refused), len(teams))
	}
	if body.Text("error") != "" { // with status 200, says the description of this call (VERIFIED)
		return answer.response.Refusal(rest.Fault{Code: body.Text("error"), Message: body.Text("error_description")})
	}
	return nil
}

// changeCode writes a code. Whether CXone keeps what a write leaves out is
// UNCERTAIN, so everything is sent: that the code is active, as a declared one
// is, and its notes, which only the single code shows. Reading them is a call
// that every change makes, and so one of the forecast.
func changeCode(id string, body codeBody) []call {
	return []call{{"read its notes", func(ctx context.Context, c *Connection) (err error) {
		body.Notes, err = notesOf(ctx, c, id)
		return err
	}}, {"change the code", func(ctx context.Context, c *Connection) error {
		body.Active = true
		_, err := c.Put(ctx, c.ACD("/unavailable-codes/"+id), nil, body)
		return err
	}}}
}

// notesOf reads the notes of a code, nil where there are none.
func notesOf(ctx context.Context, c *Connection, id string) (*string, error) {
	answer, err := c.Get(ctx, c.ACD("/unavailable-codes/"+id), nil)
	if err != nil {
		return nil, err
	}
	var held struct {
		Notes   *string `json:"notes"`
		Wrapped struct {
			Notes *string `json:"notes"`
		} `json:"unavailableCode"`
	}
	if err := answer.Decode(&held); err != nil {
		return nil, err
	}
	return cmp.Or(held.Notes, held.Wrapped.Notes), nil
}

// A codeBody is a code as it is written.
type codeBody struct {
	Name    string  `json:"name"`
	ACW     bool    `json:"isACW"`
	Minutes int     `json:"agentTimeout"`
	Active  bool    `json:"isActive,omitempty"` // a new code is active (VERIFIED: creation takes no such member)
	Notes   *string `json:"notes,omitempty"`
}

func newCodeBody(wanted *schema.Object) codeBody {
	timeout, _ := wanted.Get("timeout").(schema.Duration)
	return codeBody{
		Name: wanted.Text("name"), ACW: wanted.Bool("acw"), Minutes: int(time.Duration(timeout) / time.Minute),
	}
}
