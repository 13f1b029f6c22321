package store

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"syscall"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

var (
	errClosed = errors.New("the store is closed")
	// errGaveUp: bbolt stopped in the middle, perhaps with its own locks held.
	errGaveUp = fmt.Errorf("%w", ErrCorrupt)
)

// guard turns what bbolt does about damaged pages into an error. It panics
// over those it recognises; those it does not lead it to memory that is not
// there, which the runtime would take for the end of the program.
func guard(do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("%w: %v", errGaveUp, reason)
		}
	}()
	return do()
}

func (f *File) view(ctx context.Context, read func(*bolt.Tx) error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case f.damaged.Load():
		return fmt.Errorf("%s: %w", f.path, ErrCorrupt)
	}
	f.reading.RLock()
	defer f.reading.RUnlock()
	err := guard(func() error { return f.db.View(read) })
	switch {
	case errors.Is(err, bolterrors.ErrDatabaseNotOpen):
		return errClosed
	case errors.Is(err, errGaveUp):
		f.damaged.Store(true)
	}
	if errors.Is(err, ErrCorrupt) {
		return f.explain(err)
	}
	return err
}

// update changes the file. The caller holds the write lock.
func (f *File) update(ctx context.Context, change func(*bolt.Tx) error) error {
	switch {
	case f.closed:
		return errClosed
	case f.broken != nil:
		return f.broken
	case ctx.Err() != nil:
		return ctx.Err()
	}
	var refused error // by change itself; then nothing was tried on the disk
	err := guard(func() error {
		return f.db.Update(func(tx *bolt.Tx) error {
			refused = change(tx)
			return refused
		})
	})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errGaveUp):
		f.damaged.Store(true)
		f.broken = f.explain(err)
		return f.broken
	case refused != nil:
		return refused
	case isFull(err):
		return fmt.Errorf("%s: nothing was written: %w", f.path, err)
	}
	// A disk that failed to sync may show what it did not keep. Only what is
	// read after a new start can be trusted.
	f.broken = fmt.Errorf("%s: %w: %w; start again", f.path, ErrUnknown, err)
	return f.broken
}

// isFull recognises a write that failed for want of room. It failed before the
// page that makes a commit valid, so the file is as it was.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) ||
		strings.HasPrefix(err.Error(), "file resize error") // which bbolt does not wrap
}
