package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"sync/atomic"
	"time"
)

// A Remote is a store whose file another process has open: it asks that one,
// over its socket.
type Remote struct {
	path   string
	closed atomic.Bool
}

var _ Store = (*Remote)(nil)

// Dial reaches the process that has the file at path open. When none answers,
// the error is ErrLocked: somebody has the file, but not to share it.
func Dial(ctx context.Context, path string) (*Remote, error) {
	r := &Remote{path: path}
	conn, err := r.connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w by a process that does not answer at %s: %w", ErrLocked, SocketPath(path), err)
	}
	return r, conn.Close()
}

func (r *Remote) connect(ctx context.Context) (conn net.Conn, err error) {
	err = nearby(SocketPath(r.path), func(short string) error {
		conn, err = (&net.Dialer{}).DialContext(ctx, "unix", short)
		return err
	})
	return conn, err
}

var errRemoteClosed = errors.New("the store is closed")

// call sends a request and passes on each part of the answer; more returns
// false to hear no more. It returns the last part.
func (r *Remote) call(ctx context.Context, m message, more func(message) bool) (message, error) {
	if err := ctx.Err(); err != nil {
		return message{}, err
	}
	if r.closed.Load() {
		return message{}, errRemoteClosed
	}
	conn, err := r.connect(ctx)
	if err != nil {
		return message{}, fmt.Errorf("reach the process that has the store open: %w", err)
	}
	defer func() { _ = conn.Close() }() // all that counts was read
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if err := json.NewEncoder(conn).Encode(m); err != nil {
		return message{}, r.lost(ctx, err)
	}
	answer := json.NewDecoder(conn)
	for {
		var part message
		switch err := answer.Decode(&part); {
		case err != nil:
			return message{}, r.lost(ctx, err)
		case part.Last && part.Error != nil:
			return part, part.Error
		case part.Last:
			return part, nil
		case more == nil || !more(part):
			return message{}, nil
		}
	}
}

// lost explains an answer that did not come.
func (r *Remote) lost(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("it ended in the middle")
	}
	return fmt.Errorf("%w: ask the process that has the store open: %w", ErrUnknown, err)
}

// Commit implements [Store].
func (r *Remote) Commit(ctx context.Context, b Batch) (int64, error) {
	if err := b.check(); err != nil {
		return 0, err
	}
	m, err := r.call(ctx, message{Verb: "commit", Batch: newWireBatch(b)}, nil)
	return m.Count, err
}

// Journal implements [Store].
func (r *Remote) Journal(ctx context.Context, q Query) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		_, err := r.call(ctx, message{Verb: "journal", Query: newWireQuery(q)}, func(m message) bool { return m.Entry != nil && yield(*m.Entry, nil) })
		if err != nil {
			yield(Entry{}, err)
		}
	}
}

// Erase implements [Store].
func (r *Remote) Erase(ctx context.Context, q Query) (int, error) {
	m, err := r.call(ctx, message{Verb: "erase", Query: newWireQuery(q)}, nil)
	return int(m.Count), err
}

// Memory implements [Store].
func (r *Remote) Memory(ctx context.Context, tenant, prefix string) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		_, err := r.call(ctx, message{Verb: "memory", Tenant: tenant, Key: []byte(prefix)}, func(m message) bool { return m.Item != nil && yield(m.Item.item(), nil) })
		if err != nil {
			yield(Item{}, err)
		}
	}
}

// Recall implements [Store].
func (r *Remote) Recall(ctx context.Context, tenant, key string) (Item, error) {
	m, err := r.call(ctx, message{Verb: "recall", Tenant: tenant, Key: []byte(key)}, nil)
	return m.Item.item(), err
}

// Acquire implements [Store].
func (r *Remote) Acquire(ctx context.Context, name, owner string, ttl time.Duration) (Lease, error) {
	return r.lease(ctx, message{Verb: "acquire", Key: []byte(name), Owner: owner, TTL: ttl})
}

// Renew implements [Store].
func (r *Remote) Renew(ctx context.Context, l Lease, ttl time.Duration) (Lease, error) {
	return r.lease(ctx, message{Verb: "renew", Lease: lend(l), TTL: ttl})
}

func (r *Remote) lease(ctx context.Context, m message) (Lease, error) {
	answer, err := r.call(ctx, m, nil)
	return answer.Lease.lease(), err
}

// Release implements [Store].
func (r *Remote) Release(ctx context.Context, l Lease) error {
	_, err := r.call(ctx, message{Verb: "release", Lease: lend(l)}, nil)
	return err
}

// Leases implements [Store].
func (r *Remote) Leases(ctx context.Context) ([]Lease, error) {
	var held []Lease
	_, err := r.call(ctx, message{Verb: "leases"}, func(m message) bool {
		held = append(held, m.Lease.lease())
		return true
	})
	return held, err
}

// Close implements [Store]; the file stays open where it is.
func (r *Remote) Close() error {
	r.closed.Store(true)
	return nil
}
