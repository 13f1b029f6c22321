package dashboard

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/history"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
)

// beat is how often a silent stream says that it lives; patience is how long a
// client may take to read what it is sent.
const (
	beat     = 15 * time.Second
	patience = 10 * time.Second
)

// mostLines bounds one answer of an agent's timeline.
const mostLines = 2000

func (d *Dashboard) healthz(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") }

// readyz is about this replica.
func (d *Dashboard) readyz(w http.ResponseWriter, r *http.Request) {
	status, text := readiness(head(r.Context(), d.o.Source))
	say(w, status, text)
}

// readiness says how ready a replica is for a tenant. One that waits for the
// lease is: it takes over at once. One that has the lease is not before it has
// read both sides, since it moves nobody until then.
func readiness(s *mirror.Snapshot) (status int, text string) {
	switch {
	case s == nil || s.Standing == mirror.Starting:
		return http.StatusServiceUnavailable, "starting: both sides have not been read yet"
	case s.Standing == mirror.Ending:
		return http.StatusServiceUnavailable, "ending: nothing new is begun"
	case s.Owner == "":
		return http.StatusServiceUnavailable, "nobody holds the lease"
	case s.Standing == mirror.Standby:
		return http.StatusOK, "standby: " + s.Owner + " serves"
	}
	return http.StatusOK, "ok"
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n")
}

// A document is a snapshot with where the stream of changes goes on from it.
type document struct {
	Since   string           `json:"since"`
	Replica string           `json:"replica"`
	Version string           `json:"version"`
	Now     *mirror.Snapshot `json:"now"`
}

func (d *Dashboard) snapshot(w http.ResponseWriter, r *http.Request) {
	s, id := d.hub.current(r.Context(), time.Now())
	answer(w, r, document{Since: id, Replica: d.o.Replica, Version: d.o.Version, Now: s})
}

func (d *Dashboard) history(w http.ResponseWriter, r *http.Request) {
	points := d.hub.points()
	if points == nil {
		points = []Point{}
	}
	answer(w, r, points)
}

// answer writes JSON, compressed where that is understood: ten thousand agents
// are four megabytes, and a tenth of that compressed.
func answer(w http.ResponseWriter, r *http.Request, v any) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Vary", "Accept-Encoding")
	var out io.Writer = w
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // the level is one that exists
		defer func() { _ = z.Close() }()
		out = z
	}
	_ = json.NewEncoder(out).Encode(v)
}

// A line is one record of an agent's timeline, with its reason in words.
type line struct {
	At      time.Time `json:"at"`
	What    string    `json:"what"`
	Text    string    `json:"text"`
	State   string    `json:"state"`
	Status  string    `json:"status"`
	Rule    string    `json:"rule,omitempty"`
	Row     string    `json:"row,omitempty"`
	Side    string    `json:"side,omitempty"`
	Target  string    `json:"target,omitempty"`
	Command uint64    `json:"command,omitempty"`
	Shadow  bool      `json:"shadow,omitempty"`
	Detail  string    `json:"detail,omitempty"`
}

func lineOf(r *mirror.Line) line {
	l := line{
		At: r.At, What: string(r.What), Text: history.Explain(r), State: r.State.String(), Status: r.Status,
		Rule: r.Rule, Row: r.Row, Target: r.Target, Command: r.Command, Shadow: r.Shadow, Detail: r.Detail,
	}
	if r.Target != "" {
		l.Side = r.Side.String()
	}
	return l
}

// A past is one answer about an agent's timeline, the latest line first. Where
// more is true there are older ones since from: ask for those up to the last.
type past struct {
	Lines []line    `json:"lines"`
	More  bool      `json:"more"`
	From  time.Time `json:"from"`
}

// day is how far one answer goes back unless it is asked for more.
const day = 24 * time.Hour

// timeline answers with the latest lines from one time up to another.
func (d *Dashboard) timeline(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	to, errTo := timeOr(r.FormValue("to"), now.Add(time.Minute))
	from, errFrom := timeOr(r.FormValue("from"), earliest(to, now).Add(-day))
	if errFrom != nil || errTo != nil {
		http.Error(w, "from and to are times such as 2026-11-22T09:00:00Z", http.StatusBadRequest)
		return
	}
	most, err := strconv.Atoi(r.FormValue("limit"))
	if err != nil || most <= 0 || most > mostLines {
		most = mostLines
	}
	answered, err := latest(d.o.Source.Timeline(r.Context(), r.PathValue("agent"), from, to), most)
	if err != nil {
		d.o.Log.Error("dashboard: read the journal", "agent", r.PathValue("agent"), "error", err)
		http.Error(w, "the journal cannot be read now", http.StatusInternalServerError)
		return
	}
	answered.From = from.UTC()
	answer(w, r, answered)
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// latest returns the last lines of a journal, without holding everything.
func latest(journal history.Journal, most int) (past, error) {
	p := past{Lines: []line{}}
	for record, err := range journal {
		if err != nil {
			return past{}, err
		}
		p.Lines = append(p.Lines, lineOf(&record))
		if len(p.Lines) >= 2*most {
			p.shorten(most)
		}
	}
	p.shorten(most)
	slices.Reverse(p.Lines)
	return p, nil
}

// shorten keeps the latest lines. Those of one moment stay together, so that the
// next answer can go on before it.
func (p *past) shorten(most int) {
	at := len(p.Lines) - most
	for at > 0 && p.Lines[at-1].At.Equal(p.Lines[at].At) {
		at--
	}
	if at > 0 {
		p.Lines, p.More = append(p.Lines[:0], p.Lines[at:]...), true
	}
}

func timeOr(text string, otherwise time.Time) (time.Time, error) {
	if text == "" {
		return otherwise, nil
	}
	return time.Parse(time.RFC3339, text)
}

// events streams what changes after the id that the client has. Where that is
// not known any more it is told to load everything again, and so is a client
// that does not read what it is sent.
func (d *Dashboard) events(w http.ResponseWriter, r *http.Request) {
	id := r.Header.Get("Last-Event-ID")
	if id == "" {
		id = r.FormValue("since")
	}
	stream := stream{w, http.NewResponseController(w)}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // a proxy must not collect it
	c, missed, ok := d.hub.join(id)
	if !ok {
		stream.send(reload)
		return
	}
	defer d.hub.leave(c)
	if !stream.send("retry: 2000\n\n") {
		return
	}
	for _, frame := range missed {
		if !stream.send(string(frame)) {
			return
		}
	}
	stream.follow(r, c)
}

const reload = "event: reload\ndata: {}\n\n"

type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (s stream) follow(r *http.Request, c *client) {
	heart := time.NewTicker(beat)
	defer heart.Stop()
	for {
		text := ": still here\n\n"
		select {
		case <-r.Context().Done():
			return
		case <-heart.C:
		case frame, ok := <-c.frames:
			if !ok {
				s.send(reload)
				return
			}
			text = string(frame)
		}
		if !s.send(text) {
			return
		}
	}
}

// send reports whether the client took it in time.
func (s stream) send(text string) bool {
	_ = s.control.SetWriteDeadline(time.Now().Add(patience)) // a recorder in a test has none
	if _, err := io.WriteString(s.w, text); err != nil {
		return false
	}
	return s.control.Flush() == nil
}
