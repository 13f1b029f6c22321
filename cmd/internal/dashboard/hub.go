package dashboard

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
)

const (
	// kept is how many deltas are held for clients that come back.
	kept = 120
	// backlog is how far a client may fall behind before it is dropped.
	backlog = 16
	// fresh is how old a look at all agents may be and still be handed out.
	fresh = 500 * time.Millisecond
)

// A hub looks at the source and tells everybody who watches what changed. It
// waits for nobody.
type hub struct {
	source Source
	// run tells this process's deltas from those of one before.
	run string

	mu      sync.Mutex
	seq     int64
	last    *mirror.Snapshot
	agents  map[string]mirror.Agent
	looked  time.Time
	deltas  [][]byte // the latest, the last one is of seq
	clients map[*client]struct{}
	trend   trend
}

// A client is somebody who watches. Its channel is closed when it is dropped.
type client struct{ frames chan []byte }

// A delta is what changed between two looks. Head holds everything but the
// agents; Strange is there only when it changed.
type delta struct {
	Head    *mirror.Snapshot  `json:"head"`
	Agents  []mirror.Agent    `json:"agents,omitempty"`
	Gone    []string          `json:"gone,omitempty"`
	Strange *[]mirror.Strange `json:"unmatched,omitempty"`
	Point   *Point            `json:"point,omitempty"`
}

func newHub(source Source) *hub {
	return &hub{source: source, run: rand.Text()[:8], agents: map[string]mirror.Agent{}, clients: map[*client]struct{}{}}
}

// watch looks at regular times until ctx ends.
func (h *hub) watch(ctx context.Context, every time.Duration) {
	look := time.NewTicker(every)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-look.C:
			h.tick(now)
		}
	}
}

// tick tells those who watch, and notes the trend whether anybody does or not.
func (h *hub) tick(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.clients) > 0 {
		h.look(now)
		return
	}
	if h.trend.due(now) {
		if s := h.source.Snapshot(false); s != nil {
			h.trend.note(now, s)
		}
	}
}

// current returns a recent look at everything and the id of its last delta.
func (h *hub) current(now time.Time) (s *mirror.Snapshot, id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last == nil || now.Sub(h.looked) >= fresh || now.Before(h.looked) {
		h.look(now)
	}
	return h.last, h.id(h.seq)
}

func (h *hub) points() []Point {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.trend.points)
}

// look compares what is there with what was there, and tells.
func (h *hub) look(now time.Time) {
	s := h.source.Snapshot(true)
	if s == nil {
		return
	}
	d := h.compare(s)
	if h.trend.due(now) {
		d.Point = h.trend.note(now, s)
	}
	h.last, h.looked = s, now
	h.seq++
	h.tell(h.frame("delta", d))
}

// compare makes the delta to s and remembers its agents.
func (h *hub) compare(s *mirror.Snapshot) delta {
	head := *s
	head.Agents, head.Strange = nil, nil
	d := delta{Head: &head}
	if h.last != nil && !slices.Equal(h.last.Strange, s.Strange) {
		d.Strange = &s.Strange
	}
	now := make(map[string]mirror.Agent, len(s.Agents))
	for i := range s.Agents {
		a := s.Agents[i]
		now[a.Key] = a
		if was, known := h.agents[a.Key]; !known || was != a {
			d.Agents = append(d.Agents, a)
		}
	}
	for key := range h.agents {
		if _, there := now[key]; !there {
			d.Gone = append(d.Gone, key)
		}
	}
	slices.Sort(d.Gone)
	h.agents = now
	return d
}

func (h *hub) id(seq int64) string { return h.run + "-" + strconv.FormatInt(seq, 10) }

// frame writes a server-sent event.
func (h *hub) frame(event string, data any) []byte {
	text, err := json.Marshal(data)
	if err != nil {
		panic("dashboard: " + err.Error()) // plain data always encodes
	}
	return []byte("id: " + h.id(h.seq) + "\nevent: " + event + "\ndata: " + string(text) + "\n\n")
}

func (h *hub) tell(frame []byte) {
	h.deltas = append(h.deltas, frame)
	if len(h.deltas) > kept {
		h.deltas = slices.Delete(h.deltas, 0, len(h.deltas)-kept)
	}
	for c := range h.clients {
		select {
		case c.frames <- frame:
		default: // it does not read: it may start over
			h.drop(c)
		}
	}
}

// join adds a client that has everything up to the id, and returns what it
// missed; ok is false when that is not known any more.
func (h *hub) join(id string) (c *client, missed [][]byte, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	missed, ok = h.since(id)
	if !ok {
		return nil, nil, false
	}
	c = &client{frames: make(chan []byte, backlog)}
	h.clients[c] = struct{}{}
	return c, missed, true
}

func (h *hub) since(id string) ([][]byte, bool) {
	text, ours := strings.CutPrefix(id, h.run+"-")
	seq, err := strconv.ParseInt(text, 10, 64)
	behind := h.seq - seq
	if !ours || err != nil || behind < 0 || behind > int64(len(h.deltas)) {
		return nil, false
	}
	return slices.Clone(h.deltas[len(h.deltas)-int(behind):]), true
}

// leave ends a client; it may have been dropped already.
func (h *hub) leave(c *client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(c)
}

func (h *hub) drop(c *client) {
	if _, there := h.clients[c]; there {
		delete(h.clients, c)
		close(c.frames)
	}
}
