package dashboard

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
)

const (
	// kept is how many deltas are held for clients that come back, keptBytes how
	// much they may take: in a large centre one delta can be megabytes.
	kept      = 120
	keptBytes = 8 << 20
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
	seq     int64  // of the last delta
	version uint64 // of the source
	head    *mirror.Snapshot
	agents  map[string]mirror.Agent
	looked  time.Time
	deltas  [][]byte // the latest, the last one is of seq
	held    int      // bytes of deltas
	clients map[*client]struct{}
	trend   trend
}

// A client is somebody who watches. Its channel is closed when it is dropped.
type client struct{ frames chan []byte }

// A delta is what changed between two looks. Head holds what concerns everybody.
type delta struct {
	Head   *mirror.Snapshot `json:"head"`
	Agents []mirror.Agent   `json:"agents,omitempty"`
	Gone   []string         `json:"gone,omitempty"`
	Point  *Point           `json:"point,omitempty"`
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
			h.tick(ctx, now)
		}
	}
}

// tick tells those who watch, and notes the trend whether anybody does or not.
func (h *hub) tick(ctx context.Context, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.clients) > 0 {
		h.look(ctx, now)
		return
	}
	if h.trend.due(now) {
		if s := head(ctx, h.source); s != nil {
			h.trend.note(now, s)
		}
	}
}

// current returns a recent look at everything, nil while there is nothing to
// see, and the id of its last delta.
func (h *hub) current(ctx context.Context, now time.Time) (s *mirror.Snapshot, id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.head == nil || now.Sub(h.looked) >= fresh || now.Before(h.looked) {
		h.look(ctx, now)
	}
	if h.head == nil {
		return nil, h.id(h.seq)
	}
	whole := *h.head
	whole.Agents = slices.SortedFunc(maps.Values(h.agents), func(a, b mirror.Agent) int { return strings.Compare(a.Key, b.Key) })
	return &whole, h.id(h.seq)
}

func (h *hub) points() []Point {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.trend.points)
}

// look asks what is new and tells.
func (h *hub) look(ctx context.Context, now time.Time) {
	ctx, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	c, err := h.source.Changes(ctx, h.version)
	if err != nil {
		return
	}
	d := h.take(c)
	if h.version != 0 && (c.Version < h.version || len(h.agents) != c.Totals.Agents) {
		// Somebody else's agents, or another start: look at everything.
		if c, err = h.source.Changes(ctx, 0); err != nil {
			return
		}
		d = h.replace(c)
	}
	if h.trend.due(now) {
		d.Point = h.trend.note(now, &c.Snapshot)
	}
	h.version, h.looked = c.Version, now
	h.seq++
	h.tell(h.frame("delta", d))
}

// take adds what is new.
func (h *hub) take(c mirror.Changes) delta {
	d := delta{Head: h.heading(&c.Snapshot), Gone: c.Gone}
	for i := range c.Agents {
		a := &c.Agents[i]
		if was, known := h.agents[a.Key]; !known || was != *a {
			h.agents[a.Key] = *a
			d.Agents = append(d.Agents, *a)
		}
	}
	for _, key := range c.Gone {
		delete(h.agents, key)
	}
	return d
}

// replace takes what there is for everything.
func (h *hub) replace(c mirror.Changes) delta {
	there := make(map[string]bool, len(c.Agents))
	for i := range c.Agents {
		there[c.Agents[i].Key] = true
	}
	for key := range h.agents {
		if !there[key] {
			c.Gone = append(c.Gone, key)
		}
	}
	slices.Sort(c.Gone)
	return h.take(c)
}

// heading remembers what concerns everybody, and returns what is told of it: a
// list of the unmatched that is the same as before is not sent again.
func (h *hub) heading(s *mirror.Snapshot) *mirror.Snapshot {
	is := *s
	is.Agents = nil
	told := is
	if is.Strange == nil && h.head != nil {
		is.Strange = h.head.Strange
	}
	h.head = &is
	return &told
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
	h.held += len(frame)
	for len(h.deltas) > kept || h.held > keptBytes {
		h.held -= len(h.deltas[0])
		h.deltas = slices.Delete(h.deltas, 0, 1)
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
