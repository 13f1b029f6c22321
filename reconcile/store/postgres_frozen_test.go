//go:build linux

package store

import (
	"bytes"
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// failOver is how long somebody else may be kept from a lease that has run out.
const failOver = 5 * time.Second

// TestLeftOpen leaves a transaction open, as a process does that is paused or
// cut off in the middle of it, and has others need what it has locked.
func TestLeftOpen(t *testing.T) {
	t.Parallel()
	s := needServer(t)
	tests := []struct {
		why  string
		left func(context.Context, pgx.Tx, Lease) error
	}{
		{"a batch, after its fence", func(ctx context.Context, tx pgx.Tx, l Lease) error { return checkFence(ctx, tx, l.Fence()) }},
		{"a batch, before its commit", func(ctx context.Context, tx pgx.Tx, l Lease) error {
			_, err := commit(ctx, tx, &Batch{Tenant: "acme", Fence: l.Fence(), Append: []Entry{line("", "1", noon)}}, "mark")
			return err
		}},
		{"a lease, by a replica of an older version", func(ctx context.Context, tx pgx.Tx, l Lease) error {
			_, err := tx.Exec(ctx, `SELECT owner FROM lockstep_lease WHERE name = $1 FOR UPDATE`, l.Name)
			return err
		}},
		{"the count of epochs, by a replica of an older version", func(ctx context.Context, tx pgx.Tx, _ Lease) error {
			_, err := tx.Exec(ctx, `UPDATE lockstep_epoch SET epoch = epoch + 1 WHERE id = 1`)
			return err
		}},
	}
	for _, test := range tests {
		t.Run(test.why, func(t *testing.T) {
			t.Parallel()
			url := s.fresh(t)
			frozen, err := OpenPostgres(t.Context(), url)
			must(t, err)
			defer frozen.Close()
			other, err := OpenPostgres(t.Context(), url)
			must(t, err)
			defer other.Close()
			held := acquire(t, frozen, "acme", "replica-1")
			tx, err := frozen.pool.Begin(t.Context())
			must(t, err)
			defer func() { _ = tx.Rollback(context.Background()) }() // the database has ended it
			must(t, test.left(t.Context(), tx, held))

			ctx, cancel := context.WithTimeout(t.Context(), failOver)
			defer cancel()
			_, err = other.Renew(ctx, held, ttl)
			must(t, err)
			must(t, other.Release(ctx, held))
			_, err = other.Acquire(ctx, "acme", "replica-2", ttl)
			must(t, err)
			_, err = other.Acquire(ctx, "globex", "replica-2", ttl)
			must(t, err)
			_, err = other.Commit(ctx, Batch{Tenant: "acme", Set: set("stop", "everybody")})
			must(t, err)
		})
	}
}

// TestPausedInCommit has the database end a commit's session while its process
// is paused: the batch is written all the same, once.
func TestPausedInCommit(t *testing.T) {
	t.Parallel()
	url := needServer(t).fresh(t)
	other, err := OpenPostgres(t.Context(), url)
	must(t, err)
	defer other.Close()
	paused := make(chan struct{})
	var once atomic.Bool
	p := dialled(t, url.Reveal(), func(c net.Conn) net.Conn {
		return &frozenConn{Conn: c, at: []byte("commit\x00"), once: &once, until: paused}
	})
	go func() {
		defer close(paused)
		until(t, "the session ends", func() bool {
			var locks int
			err := other.pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_locks WHERE relation = 'lockstep_tenant'::regclass`).Scan(&locks)
			return once.Load() && err == nil && locks == 0
		})
	}()
	_, err = p.Commit(t.Context(), Batch{Tenant: "acme", Append: []Entry{line("", "mine", noon)}})
	must(t, err)
	if !once.Load() {
		t.Error("the commit was not paused")
	}
	same(t, "the journal", []string{"mine"}, journal(t, p, Query{}))
}

// until waits for something to happen.
func until(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for patience := time.Now().Add(failOver); !happened(); <-time.After(time.Millisecond) {
		if time.Now().After(patience) {
			t.Errorf("not so: %s", what)
			return
		}
	}
}

// TestFrozenAsking freezes a replica while it asks for a lease, at each of its
// statements. Neither the owner nor another tenant waits for it.
func TestFrozenAsking(t *testing.T) {
	t.Parallel()
	s := needServer(t)
	for _, at := range []string{"INSERT INTO lockstep_lease", "FROM lockstep_lease", "UPDATE lockstep_epoch"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			url := s.fresh(t)
			other, err := OpenPostgres(t.Context(), url)
			must(t, err)
			defer other.Close()
			ctx, cancel := context.WithCancel(t.Context())
			var once atomic.Bool
			frozen := dialled(t, url.Reveal(), func(c net.Conn) net.Conn {
				return &frozenConn{Conn: c, at: []byte(at), once: &once, until: ctx.Done(), answers: true}
			})
			asked := make(chan struct{})
			go func() {
				defer close(asked)
				_, _ = frozen.Acquire(ctx, "acme", "replica-1", ttl) // nobody ever hears what comes of it
			}()
			defer func() { <-asked }()
			defer cancel()
			until(t, "it is asked for like this", once.Load)
			began := time.Now()
			l := acquire(t, other, "globex", "replica-2")
			_, err = other.Renew(t.Context(), l, ttl)
			must(t, err)
			if took := time.Since(began); took > time.Second {
				t.Errorf("another tenant waited for %s", took)
			}
		})
	}
}

// TestPatience asks for what keeps nobody waiting, unless the URL asks for
// something else.
func TestPatience(t *testing.T) {
	t.Parallel()
	s := needServer(t)
	const idle, lock = "idle_in_transaction_session_timeout", "lock_timeout"
	tests := []struct{ why, more, idle, lock string }{
		{"the usual", "", "1500ms", "1s"},
		{"the URL names one", "&" + idle + "=9000", "9s", "1s"},
		{"the URL has options", "&options=-c%20" + lock + "%3D7s", "1500ms", "7s"},
	}
	for _, test := range tests {
		p := dialled(t, s.fresh(t).Reveal()+test.more, func(c net.Conn) net.Conn { return c })
		for name, want := range map[string]string{idle: test.idle, lock: test.lock} {
			var got string
			must(t, p.pool.QueryRow(t.Context(), "SHOW "+name).Scan(&got))
			same(t, test.why+": "+name, want, got)
		}
	}
}

// dialled opens a store whose connections are wrapped.
func dialled(t *testing.T, url string, wrap func(net.Conn) net.Conn) *Postgres {
	t.Helper()
	config, err := pgxpool.ParseConfig(url)
	must(t, err)
	dial := config.ConnConfig.DialFunc
	config.ConnConfig.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return wrap(conn), nil
	}
	p := &Postgres{isolation: pgx.ReadCommitted}
	must(t, p.connect(t.Context(), config))
	t.Cleanup(p.pool.Close)
	return p
}

// A frozenConn stops when it is to say some words, or, with answers, when it is
// to hear what is answered.
type frozenConn struct {
	net.Conn
	at      []byte
	once    *atomic.Bool // for all connections of a pool
	until   <-chan struct{}
	answers bool
	frozen  atomic.Bool
}

func (c *frozenConn) Write(b []byte) (int, error) {
	if bytes.Contains(b, c.at) && c.once.CompareAndSwap(false, true) {
		if !c.answers {
			<-c.until
			return c.Conn.Write(b)
		}
		c.frozen.Store(true)
	}
	return c.Conn.Write(b)
}

func (c *frozenConn) Read(b []byte) (int, error) {
	if c.frozen.Load() {
		<-c.until
	}
	return c.Conn.Read(b)
}
