package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// errAnswerLost: the connection ended between a commit and its answer.
var errAnswerLost = errors.New("the answer to a commit was lost")

// What the database answers when a transaction is to be tried again, which
// serializable databases do in ordinary course.
const (
	codeSerialization = "40001"
	codeDeadlock      = "40P01"
	codeLockTimeout   = "55P03"
	codeIdleTimeout   = "25P03" // this process was paused; nothing was kept
)

// codeUnknownName is the answer to a setting that the database does not have.
const codeUnknownName = "42704"

// persistence bounds the time in which one transaction is tried again.
const persistence = 10 * time.Second

// longestDelay is short, because whoever waits long is never the next one: a
// serializable database aborts all that began before the row was written, and
// gives it to who comes right after.
const longestDelay = 16 * time.Millisecond

// retry runs do until it succeeds, fails for good or has failed for too long.
func retry(ctx context.Context, do func() error) error {
	began := time.Now()
	for delay := time.Millisecond; ; delay = min(2*delay, longestDelay) {
		err := do()
		if err == nil || !again(err) || time.Since(began) > persistence {
			return err
		}
		if !pause(ctx, delay/2+rand.N(delay)) {
			return err
		}
	}
}

// pause reports whether the time went by before the context ended.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// again reports whether nothing was done and the same may be tried again.
func again(err error) bool {
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch answer.Code {
		case codeSerialization, codeDeadlock, codeLockTimeout, codeIdleTimeout:
			return true
		}
		return false
	}
	if errors.Is(err, errNotCommitted) {
		return true
	}
	// A pooled connection that the server closed while it was idle. One that
	// cannot be made at all is told at once.
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	return !connecting && pgconn.SafeToRetry(err)
}

// plain keeps of an error what is safe to show. What pgx says about a
// connection holds user, host and database, which are part of a URL that is a
// secret; so only what is known to be harmless passes.
func plain(err error) error {
	if isOurs(err) {
		return err
	}
	for _, end := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, end) {
			return end
		}
	}
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		return fmt.Errorf("%s (SQLSTATE %s)", answer.Message, answer.Code)
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return errors.New("no such host")
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno
	}
	if errors.Is(err, os.ErrDeadlineExceeded) || pgconn.Timeout(err) {
		return errors.New("no answer in time")
	}
	return errors.New("the connection failed or was lost")
}

// isOurs recognises the errors that this package made out of nothing secret.
func isOurs(err error) bool {
	for _, ours := range []error{ErrFenced, ErrConflict, ErrNewer, ErrUnknown} {
		if errors.Is(err, ours) {
			return true
		}
	}
	return false
}
