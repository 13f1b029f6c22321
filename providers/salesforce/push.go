package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
	"github.com/lockstep-sync/lockstep/schema"
)

const (
	// maxPushes is how many commands go into one call; the vendor states no
	// maximum (UNCERTAIN).
	maxPushes = 200
	// maxPayload is how long a command may be (VERIFIED).
	maxPayload = 3000
	// spent is how long to leave an org alone that has used up its day's calls:
	// they age out one by one, and the vendor says nothing about when.
	spent = time.Minute
)

// A command is what the bridge's component in the agent's console carries out;
// bridge/Helper.js says what each field is for.
type command struct {
	Version int    `json:"v"`
	ID      string `json:"id"`
	User    string `json:"user"`
	Epoch   uint64 `json:"epoch"`
	Expires int64  `json:"expires"` // milliseconds since 1970, by the vendor's clock
	Expect  string `json:"expect"`  // a status's Id, or offline
	Set     string `json:"set"`
}

// A pushEvent is one command on its way to one user: a generic streaming
// channel is the only one that reaches named users, so that a command costs
// one delivery for each of that user's consoles and none for others (VERIFIED).
type pushEvent struct {
	Payload string   `json:"payload"`
	UserIDs []string `json:"userIds"`
}

// A pushAnswer says whom an event reached.
type pushAnswer struct {
	Fanout int             `json:"fanoutCount"` // subscribers
	Online map[string]bool `json:"userOnlineStatus"`
}

// reached reports whether a console listened.
func (a pushAnswer) reached() bool {
	if a.Fanout > 0 {
		return true
	}
	for _, online := range a.Online {
		if online {
			return true
		}
	}
	return false
}

// Push sends commands to the consoles of named users, 200 to a call, and
// returns a receipt for each in order. Nothing is repeated: whoever asks
// decides afresh whether to, because by then another status may be wanted.
func (p *Presence) Push(ctx context.Context, pushes []schema.Push) []schema.Receipt {
	receipts := make([]schema.Receipt, len(pushes))
	ctx = rest.OneTry(rest.Once(schema.For(ctx, schema.Writing)))
	ctx, cancel := context.WithDeadline(ctx, lastExpiry(pushes))
	defer cancel()
	var events []pushEvent
	var places []int // of the events, among the pushes
	for i, push := range pushes {
		event, err := p.event(ctx, push)
		if err != nil {
			receipts[i] = receiptOf(err)
			continue
		}
		events, places = append(events, event), append(places, i)
	}
	for start := 0; start < len(events); start += maxPushes {
		end := min(start+maxPushes, len(events))
		for i, receipt := range p.send(ctx, events[start:end]) {
			receipts[places[start+i]] = receipt
		}
	}
	return receipts
}

// lastExpiry is when no answer is of use any more.
func lastExpiry(pushes []schema.Push) time.Time {
	var last time.Time
	for _, push := range pushes {
		if push.Expires.After(last) {
			last = push.Expires
		}
	}
	return last
}

var (
	errNoBridge = errors.New("no presence_bridge is declared")
	errTooLong  = errors.New("the command is longer than the vendor takes")
	errExpired  = errors.New("the command expired before it was sent")
)

// event writes a command.
func (p *Presence) event(ctx context.Context, push schema.Push) (pushEvent, error) {
	if !p.Bridged() {
		return pushEvent{}, errNoBridge
	}
	if !push.Expires.After(time.Now()) {
		return pushEvent{}, errExpired
	}
	set, err := p.statuses.id(ctx, p.conn, push.Status)
	if err != nil {
		return pushEvent{}, err
	}
	expect, err := p.statuses.id(ctx, p.conn, push.Expected)
	if err != nil {
		return pushEvent{}, err
	}
	user := idOf(push.Person)
	// Neither our clock nor that of the agent's machine need be right; both are
	// compared with the vendor's, which is ours until it has shown itself.
	expires := push.Expires.Add(p.conn.clock.Skew(time.Now()).Ahead)
	payload, err := json.Marshal(command{
		Version: 1, ID: push.ID, User: user, Epoch: push.Epoch, Expires: expires.UnixMilli(), Expect: expect, Set: set,
	})
	if err != nil {
		return pushEvent{}, err
	}
	if len(payload) > maxPayload {
		return pushEvent{}, errTooLong
	}
	return pushEvent{Payload: string(payload), UserIDs: []string{user}}, nil
}

// barrenMost is how many times in a row a refused call's parts are sent again
// although none of them was taken.
const barrenMost = 2

// send sends events in one call. One command that the vendor refuses makes it
// refuse all, so that the halves of a refused call are sent again, and theirs: a
// refusal is no execution. When none is taken any more, it is not for one
// command, and calls are what is paid for.
func (p *Presence) send(ctx context.Context, events []pushEvent) []schema.Receipt {
	receipts := make([]schema.Receipt, len(events))
	parts := []span{{0, len(events)}}
	for barren := 0; len(parts) > 0 && barren <= barrenMost; {
		barren++
		var refused []span
		for _, part := range parts {
			err := p.sendOnce(ctx, events[part.from:part.to], receipts[part.from:part.to])
			switch {
			case err == nil:
				barren = 0
			case rest.StatusOf(err) == http.StatusBadRequest:
				refused = append(refused, part.halves()...)
			}
		}
		parts = refused
	}
	return receipts
}

// A span is some of a list.
type span struct{ from, to int }

// halves returns the two of a span, none of one that cannot be divided.
func (s span) halves() []span {
	if s.to-s.from < 2 {
		return nil
	}
	middle := (s.from + s.to) / 2
	return []span{{s.from, middle}, {middle, s.to}}
}

// sendOnce makes one call and fills in a receipt for each event.
func (p *Presence) sendOnce(ctx context.Context, events []pushEvent, receipts []schema.Receipt) error {
	answers, err := p.pushAll(ctx, events)
	for i := range receipts {
		switch {
		case err != nil:
			receipts[i] = receiptOf(err)
		case answers[i].reached():
			receipts[i] = schema.Receipt{Result: schema.Accepted}
		default:
			receipts[i] = schema.Receipt{Result: schema.Unreachable, Detail: "no console of this user listens"}
		}
	}
	return err
}

func (p *Presence) pushAll(ctx context.Context, events []pushEvent) ([]pushAnswer, error) {
	var answers []pushAnswer
	err := p.onChannel(ctx, func(path string) error {
		answers = nil
		return p.conn.Post(ctx, path, map[string]any{"pushEvents": events}, &answers)
	})
	if err == nil && len(answers) != len(events) {
		err = fmt.Errorf("push: %d answers to %d commands", len(answers), len(events))
	}
	return answers, err
}

// receiptOf says what became of commands whose call failed.
func receiptOf(err error) schema.Receipt {
	r := schema.Receipt{Result: schema.Unanswered, RetryAfter: rest.RetryAfterOf(err), Detail: err.Error()}
	status, code := rest.StatusOf(err), rest.CodeOf(err)
	switch {
	case errors.Is(err, errNoBridge), errors.Is(err, errNoChannel), errors.Is(err, errTooLong), errors.Is(err, errNoStatus), errors.Is(err, schema.ErrSetup):
		r.Result = schema.Refused
	case code == "REQUEST_LIMIT_EXCEEDED":
		r.RetryAfter = max(r.RetryAfter, spent)
	case rest.IsUnclear(err), status == http.StatusUnauthorized, status == http.StatusTooManyRequests, code == "UNABLE_TO_LOCK_ROW":
	case status >= 400 && status < 500:
		r.Result = schema.Refused
	}
	return r
}

// Online lists the users who have a console open that listens; nobody without
// a bridge.
func (p *Presence) Online(ctx context.Context) ([]string, error) {
	if !p.Bridged() {
		return nil, nil
	}
	var answer struct {
		OnlineUserIDs []string `json:"OnlineUserIds"`
	}
	err := p.onChannel(ctx, func(path string) error { return p.conn.Get(ctx, path, &answer) })
	if err != nil {
		return nil, fmt.Errorf("list open consoles: %w", err)
	}
	users := make([]string, len(answer.OnlineUserIDs))
	for i, id := range answer.OnlineUserIDs {
		users[i] = idOf(id)
	}
	slices.Sort(users)
	return slices.Compact(users), nil
}

// A channelID is the bridge's streaming channel, by its record's Id.
type channelID struct {
	mu    sync.Mutex
	known string
}

var errNoChannel = errors.New("the org has no such streaming channel: apply the presence_bridge block")

// onChannel calls with the path of the channel's pushes. A channel that is not
// there any more may have been made anew.
func (p *Presence) onChannel(ctx context.Context, call func(path string) error) error {
	id, fresh, err := p.channelID(ctx)
	if err != nil {
		return err
	}
	err = call("sobjects/StreamingChannel/" + id + "/push")
	if rest.StatusOf(err) != http.StatusNotFound {
		return err
	}
	p.forgetChannel(id)
	if fresh {
		return err
	}
	if id, _, err = p.channelID(ctx); err != nil {
		return err
	}
	return call("sobjects/StreamingChannel/" + id + "/push")
}

// channelID returns the channel's Id, and whether it was asked for just now.
func (p *Presence) channelID(ctx context.Context) (id string, fresh bool, err error) {
	p.channel.mu.Lock()
	defer p.channel.mu.Unlock()
	if p.channel.known != "" {
		return p.channel.known, false, nil
	}
	rows, err := Query[streamRow](schema.For(ctx, schema.Reading), p.conn, "SELECT Id, Name FROM StreamingChannel WHERE Name = "+Quote(p.bridge.Stream))
	if err != nil {
		return "", false, fmt.Errorf("find streaming channel %s: %w", p.bridge.Stream, err)
	}
	if len(rows) == 0 {
		return "", false, fmt.Errorf("find streaming channel %s: %w", p.bridge.Stream, errNoChannel)
	}
	p.channel.known = rows[0].ID
	return rows[0].ID, true, nil
}

func (p *Presence) forgetChannel(id string) {
	p.channel.mu.Lock()
	defer p.channel.mu.Unlock()
	if p.channel.known == id {
		p.channel.known = ""
	}
}
