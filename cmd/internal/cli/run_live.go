package cli

import (
	"context"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/lockstep-sync/lockstep/cmd/internal/view"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
)

// A screen shares a terminal between the log and the block that shows how a run
// goes: whatever is written takes the block away, and the next look draws it
// again below.
type screen struct {
	mu   sync.Mutex
	live *view.Live
	to   io.Writer
}

// Write writes above the block.
func (s *screen) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live != nil {
		s.live.Clear()
	}
	return s.to.Write(text)
}

// lookEvery is how often the block is drawn.
const lookEvery = 500 * time.Millisecond

// follow draws how the run goes until ctx ends.
func (s *screen) follow(ctx context.Context, a *app, look *mirror.View, page string) {
	width := 0
	if f, ok := a.Stderr.(*os.File); ok {
		width, _, _ = term.GetSize(int(f.Fd())) // 0 is the usual width
	}
	s.mu.Lock()
	s.live = a.view().NewLive(width, page)
	s.mu.Unlock()
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			s.mu.Lock()
			defer s.mu.Unlock()
			s.live.Clear()
			s.live = nil
			return
		case <-ticker.C:
		}
		if now, err := look.Snapshot(ctx); err == nil {
			s.mu.Lock()
			s.live.Show(&now)
			s.mu.Unlock()
		}
	}
}
