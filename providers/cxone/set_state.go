package cxone

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
	"github.com/lockstep-sync/lockstep/schema"
)

// SetState asks for a state of an agent, once: whoever asked decides afresh
// whether to ask again. Accepted is not done: during a contact, and after-call
// work, the vendor keeps the state for later (VERIFIED for the agent's own
// call, UNCERTAIN for this one).
func (p *Presence) SetState(ctx context.Context, agent string, state schema.ACDState) schema.Receipt {
	query, err := p.settable(ctx, state)
	if err != nil {
		return receipt("", err)
	}
	path := p.connection.ACD("/agents/" + url.PathEscape(agent) + "/state")
	answer, err := p.connection.Post(rest.OneTry(schema.For(ctx, schema.Writing)), path, query, nil)
	if err == nil && answer.Status == http.StatusOK {
		_, err = answer.Loose() // a page for people comes with 200 too
	}
	return receipt(path, err)
}

// settable writes a state as the call takes it, in the query as the present
// description has it (VERIFIED; older samples send a body).
func (p *Presence) settable(ctx context.Context, state schema.ACDState) (url.Values, error) {
	switch {
	case state == (schema.ACDState{Word: schema.StateAvailable}):
		return url.Values{"state": {schema.StateAvailable}}, nil
	case state == (schema.ACDState{Word: schema.StateUnavailable}):
		// Whether a tenant takes it without a code is UNCERTAIN.
		return url.Values{"state": {schema.StateUnavailable}}, nil
	case state.Word != "" || state.Code == "":
		return nil, refusal(fmt.Sprintf("CXone takes Available and unavailable codes, not %s", state))
	}
	codes, err := p.codes.Get(ctx)
	if err != nil {
		return nil, err
	}
	held, known := codes.byName[state.Code]
	if !known {
		held, known = p.codesNow(ctx, codes).byName[state.Code]
	}
	if !known {
		return nil, refusal(fmt.Sprintf("CXone has no unavailable code %q; capital and small letters differ", state.Code))
	}
	return url.Values{"state": {schema.StateUnavailable}, "outStateId": {strconv.Itoa(held.ID)}}, nil
}

// A refusal is why a state is not even asked for.
type refusal string

func (r refusal) Error() string { return string(r) }

// receipt says what became of a call to path. An error of another call, such as
// the sign-in or the list of codes, says nothing about the agent.
func receipt(path string, err error) schema.Receipt {
	if err == nil {
		return schema.Receipt{Result: schema.Accepted}
	}
	r := schema.Receipt{Result: schema.Unanswered, RetryAfter: rest.RetryAfterOf(err), Detail: err.Error()}
	if refused, ok := errors.AsType[refusal](err); ok {
		return schema.Receipt{Result: schema.Refused, Detail: string(refused)}
	}
	if e, ok := errors.AsType[*rest.Error](err); ok && e.Path == path {
		r.Result = reception(e)
	}
	return r
}

// reception judges the vendor's answer to a change of state. Which statuses it
// uses is UNCERTAIN: 404 and 409 are taken for an agent who is not logged in,
// unless their words are about something else.
func reception(e *rest.Error) schema.Reception {
	switch e.Status {
	case http.StatusNotFound, http.StatusConflict:
		if saysLoggedOut(e.Message) {
			return schema.Unreachable
		}
		return schema.Refused
	case http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return schema.Unanswered
	}
	if e.Status >= 400 && e.Status < 500 {
		return schema.Refused
	}
	return schema.Unanswered
}

// saysLoggedOut reports whether a refusal's words can be about the agent's
// session. No words are: then the message is that of the status alone.
func saysLoggedOut(message string) bool {
	text := strings.ToLower(message)
	for _, word := range []string{"logged", "login", "log in", "session"} {
		if strings.Contains(text, word) {
			return true
		}
	}
	return text == "" || text == "not found" || text == "conflict"
}
