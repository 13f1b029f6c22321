package reconcile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A Keeper is where a [Record] lives: one text that is replaced as a whole.
type Keeper interface {
	// Load returns what is kept, nil when there is nothing yet.
	Load(ctx context.Context) ([]byte, error)
	// Change replaces what is kept by what edit makes of it. When somebody else
	// was faster, edit is called again with what they wrote.
	Change(ctx context.Context, edit func(was []byte) ([]byte, error)) error
}

// A File keeps a record in a file that only its owner may read. A file that is
// not there is an empty record; it is written at the first change.
type File string

// Load implements [Keeper].
func (f File) Load(context.Context) ([]byte, error) {
	text, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read record: %w", err)
	}
	return text, nil
}

// Change implements [Keeper]. The file is written whole or not at all.
func (f File) Change(ctx context.Context, edit func(was []byte) ([]byte, error)) error {
	was, err := f.Load(ctx)
	if err != nil {
		return err
	}
	is, err := edit(was)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(string(f)), 0o700); err != nil {
		return fmt.Errorf("write record: %w", err)
	}
	if err := replaceFile(string(f), is); err != nil {
		return fmt.Errorf("write record: %w", err)
	}
	return nil
}

// replaceFile writes a file that only its owner may read, whole or not at all.
func replaceFile(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".lockstep-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already when all went well
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
