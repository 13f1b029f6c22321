package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/lockstep-sync/lockstep/schema"
)

// Open opens the store at where: postgres://… and postgresql://… are a
// database, everything else is the path of a file. A file that another process
// has open is reached through that process, if it listens.
func Open(ctx context.Context, where schema.Secret) (Store, error) {
	path, err := PathOf(where)
	switch {
	case err != nil:
		return nil, fmt.Errorf("open store: %w", err)
	case path == "":
		return opened(OpenPostgres(ctx, where))
	}
	f, err := OpenFile(path)
	if errors.Is(err, ErrLocked) {
		if r, err := Dial(ctx, path); err == nil {
			return r, nil
		}
	}
	return opened(f, err)
}

// PathOf returns the path that where is; "" is a database.
func PathOf(where schema.Secret) (string, error) {
	text := where.Reveal()
	scheme, _, isURL := strings.Cut(text, "://")
	switch {
	case isURL && (scheme == "postgres" || scheme == "postgresql"):
		return "", nil
	case isURL:
		// Not a word of it is repeated: what stands before the colons may
		// as well be a password that was pasted in the wrong place.
		return "", errors.New("the URL has a scheme other than postgres")
	case text == "":
		return "", errors.New("neither a path nor a URL is given")
	case likeConnection(text):
		return "", errors.New("this reads like a database without postgres:// in front; a path with such signs must begin with ./ or /")
	}
	return text, nil
}

// likeConnection suspects a connection string, which must not become the name
// of a file: names are seen by everybody.
func likeConnection(text string) bool {
	if strings.HasPrefix(text, "/") || strings.HasPrefix(text, ".") {
		return false
	}
	return strings.Contains(text, "@") || strings.Contains(text, "host=") || strings.Contains(text, "password=")
}

// opened keeps a nil pointer from becoming a Store that is not nil.
func opened[S Store](s S, err error) (Store, error) {
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	return s, nil
}
