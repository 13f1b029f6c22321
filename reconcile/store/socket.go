package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// SocketPath is where the process that has the store's file open can be
// reached: a file is for one process, and the others ask that one.
func SocketPath(path string) string { return path + ".sock" }

// A message is a request, or a part of its answer: one JSON text each. Every
// call has a connection of its own. Keys are any bytes, so they travel as such.
type message struct {
	Verb string `json:"verb,omitempty"`

	Batch  *wireBatch    `json:"batch,omitempty"`
	Query  *wireQuery    `json:"query,omitempty"`
	Tenant string        `json:"tenant,omitempty"`
	Key    []byte        `json:"key,omitempty"`
	Owner  string        `json:"owner,omitempty"`
	TTL    time.Duration `json:"ttl,omitempty"`

	Entry *Entry       `json:"entry,omitempty"`
	Item  *wireItem    `json:"item,omitempty"`
	Lease *lentLease   `json:"lease,omitempty"`
	Count int64        `json:"count,omitempty"`
	Last  bool         `json:"last,omitempty"` // the answer is complete
	Error *remoteError `json:"error,omitempty"`
}

type wireBatch struct {
	Tenant string
	Fence  Fence
	Set    []wireSet
	Append []Entry
}

type wireSet struct {
	Key, Value []byte
	Was        int64
}

func newWireBatch(b Batch) *wireBatch {
	w := &wireBatch{Tenant: b.Tenant, Fence: b.Fence, Append: b.Append}
	for _, set := range b.Set {
		w.Set = append(w.Set, wireSet{[]byte(set.Key), set.Value, set.Was})
	}
	return w
}

func (w *wireBatch) batch() Batch {
	b := Batch{Tenant: w.Tenant, Fence: w.Fence, Append: w.Append}
	for _, set := range w.Set {
		b.Set = append(b.Set, Set{string(set.Key), set.Value, set.Was})
	}
	return b
}

type wireItem struct {
	Key, Value []byte
	Version    int64
}

func newWireItem(i Item) *wireItem { return &wireItem{[]byte(i.Key), i.Value, i.Version} }

func (w *wireItem) item() Item {
	if w == nil {
		return Item{}
	}
	return Item{string(w.Key), w.Value, w.Version}
}

// A wireQuery has its span in microseconds: JSON knows no year after 9999.
type wireQuery struct {
	Tenant, Agent string
	From, To      *int64
	After         int64
	Last          int
}

func newWireQuery(q Query) *wireQuery {
	w := &wireQuery{Tenant: q.Tenant, Agent: q.Agent, After: q.After, Last: q.Last}
	from, to := q.span()
	if !q.From.IsZero() {
		w.From = &from
	}
	if !q.To.IsZero() {
		w.To = &to
	}
	return w
}

func (w *wireQuery) query() Query {
	q := Query{Tenant: w.Tenant, Agent: w.Agent, After: w.After, Last: w.Last}
	if w.From != nil {
		q.From = time.UnixMicro(*w.From)
	}
	if w.To != nil {
		q.To = time.UnixMicro(*w.To)
	}
	return q
}

// A lentLease crosses processes: how long it still lasts, not until when by a
// clock that only one of them has.
type lentLease struct {
	Name, Owner string
	Epoch       int64
	Left        time.Duration
}

func lend(l Lease) *lentLease {
	return &lentLease{Name: l.Name, Owner: l.Owner, Epoch: l.Epoch, Left: time.Until(l.Until)}
}

func (l *lentLease) lease() Lease {
	if l == nil {
		return Lease{}
	}
	return Lease{Name: l.Name, Owner: l.Owner, Epoch: l.Epoch, Until: time.Now().Add(l.Left)}
}

// A remoteError keeps what callers tell apart.
type remoteError struct {
	Text string `json:"text"`
	Kind int    // 1 is the first of kinds
}

// kinds lists the errors that callers look for, in an order that never changes.
func kinds() []error {
	return []error{ErrFenced, ErrConflict, ErrHeld, ErrUnknown, ErrLocked, ErrNewer, ErrCorrupt}
}

func (e *remoteError) Error() string { return e.Text }

func (e *remoteError) Unwrap() error {
	if e.Kind < 1 || e.Kind > len(kinds()) {
		return nil
	}
	return kinds()[e.Kind-1]
}

func newRemoteError(err error) *remoteError {
	if err == nil {
		return nil
	}
	r := &remoteError{Text: err.Error()}
	for i, kind := range kinds() {
		if errors.Is(err, kind) {
			r.Kind = i + 1
		}
	}
	return r
}

// Listen opens the socket beside a store's file, for its owner's user only. A
// socket that nobody answers at any more is replaced: whoever has the file open
// is the only one to listen.
func Listen(ctx context.Context, path string) (net.Listener, error) {
	name := SocketPath(path)
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("listen for other commands: %w", err)
	}
	var listener net.Listener
	err := nearby(name, func(short string) (err error) {
		listener, err = (&net.ListenConfig{}).Listen(ctx, "unix", short)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listen for other commands: %w", err)
	}
	if err := os.Chmod(name, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("listen for other commands: %w", err), listener.Close())
	}
	return listener, nil
}

// maxSocketName is what fits into a socket address of every system.
const maxSocketName = 100

// nearby calls use with a name of a socket that is short enough for a socket
// address: from the working directory if need be.
func nearby(name string, use func(short string) error) error {
	if len(name) <= maxSocketName {
		return use(name)
	}
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	if short, err := filepath.Rel(here, name); err == nil && len(short) <= maxSocketName {
		return use(short)
	}
	return fmt.Errorf("%s is too long for a socket; keep the store at a shorter path", name)
}

// Serve answers calls on a store for other processes until the listener is
// closed, and returns when all are answered.
func Serve(ctx context.Context, listener net.Listener, s Store) error {
	ctx, cancel := context.WithCancel(ctx)
	var calls sync.WaitGroup
	defer calls.Wait()
	defer cancel()
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		calls.Go(func() { serveCall(ctx, conn, s) })
	}
}

func serveCall(ctx context.Context, conn net.Conn, s Store) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // an answer that nobody waits for
	defer func() {
		if stop() {
			_ = conn.Close() // the answer was sent, or nobody reads it
		}
	}()
	var m message
	if json.NewDecoder(conn).Decode(&m) != nil {
		return // whoever it was has gone
	}
	go func() {
		_, _ = io.Copy(io.Discard, conn) // the caller says no more: this ends when the caller goes
		cancel()
	}()
	answer := json.NewEncoder(conn)
	last := carryOut(ctx, s, &m, func(part message) error { return answer.Encode(part) })
	last.Last = true
	_ = answer.Encode(last) // the caller misses it and says so
}

// carryOut makes a call; what comes in parts is sent as it comes.
func carryOut(ctx context.Context, s Store, m *message, send func(message) error) message {
	switch m.Verb {
	case "commit":
		if m.Batch != nil {
			version, err := s.Commit(ctx, m.Batch.batch())
			return message{Count: version, Error: newRemoteError(err)}
		}
	case "erase":
		if m.Query != nil {
			n, err := s.Erase(ctx, m.Query.query())
			return message{Count: int64(n), Error: newRemoteError(err)}
		}
	case "journal":
		if m.Query != nil {
			return message{Error: newRemoteError(passOn(s.Journal(ctx, m.Query.query()), func(e Entry) error { return send(message{Entry: &e}) }))}
		}
	case "memory":
		return message{Error: newRemoteError(passOn(s.Memory(ctx, m.Tenant, string(m.Key)), func(i Item) error { return send(message{Item: newWireItem(i)}) }))}
	case "leases":
		held, err := s.Leases(ctx)
		for _, l := range held {
			if err == nil {
				err = send(message{Lease: lend(l)})
			}
		}
		return message{Error: newRemoteError(err)}
	case "recall":
		item, err := s.Recall(ctx, m.Tenant, string(m.Key))
		return message{Item: newWireItem(item), Error: newRemoteError(err)}
	case "acquire":
		l, err := s.Acquire(ctx, string(m.Key), m.Owner, m.TTL)
		return message{Lease: lend(l), Error: newRemoteError(err)}
	case "renew":
		l, err := s.Renew(ctx, m.Lease.lease(), m.TTL)
		return message{Lease: lend(l), Error: newRemoteError(err)}
	case "release":
		return message{Error: newRemoteError(s.Release(ctx, m.Lease.lease()))}
	}
	return message{Error: &remoteError{Text: "this is no call of a store; are both of the same version of Lockstep?"}}
}

func passOn[T any](rows func(func(T, error) bool), send func(T) error) error {
	for row, err := range rows {
		if err != nil {
			return err
		}
		if err := send(row); err != nil {
			return err
		}
	}
	return nil
}
