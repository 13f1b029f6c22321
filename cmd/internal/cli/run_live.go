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

// A screen shares a terminal between what is said and the block that shows how
// a run goes: whatever is written takes the block away, and the next look draws
// it again below. The zero screen has no block.
type screen struct {
	mu   sync.Mutex
	live *view.Live
}

// above returns what writes to w above the block.
func (s *screen) above(w io.Writer) io.Writer { return aboveBlock{s, w} }

type aboveBlock struct {
	screen *screen
	to     io.Writer
}

func (b aboveBlock) Write(text []byte) (int, error) {
	b.screen.mu.Lock()
	defer b.screen.mu.Unlock()
	if b.screen.live != nil {
		b.screen.live.Clear()
	}
	return b.to.Write(text)
}

// lookEvery is how often the block is drawn.
const lookEvery = 500 * time.Millisecond

// followOn draws how the run goes until ctx ends.
func (a *app) followOn(ctx context.Context, look watched, title, page string) {
	a.screen.begin(a.bare().NewLive(title, page, a.columns))
	defer a.screen.end()
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if now, err := look.Changes(ctx, 0); err == nil {
			a.screen.show(&now.Snapshot)
		}
	}
}

// columns is how wide the terminal is now, 0 where that cannot be known.
func (a *app) columns() int {
	f, ok := a.Stderr.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

func (s *screen) begin(live *view.Live) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live = live
}

func (s *screen) show(now *mirror.Snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live.Show(now)
}

func (s *screen) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live.Clear()
	s.live = nil
}
