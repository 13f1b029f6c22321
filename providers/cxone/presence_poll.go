package cxone

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
	"github.com/lockstep-sync/lockstep/schema"
)

// Poll reads what has changed since the cursor of an earlier reading: one call
// a page for the whole business unit. Without a cursor it reads what everybody
// shows. That nothing has changed is an empty reading without a cursor.
//
// An agent of whom a row makes no sense is in Doubt; the others are read. A
// vendor that asks to be left alone is quoted in a [schema.Pause].
func (p *Presence) Poll(ctx context.Context, cursor []byte) (schema.News, error) {
	news, err := p.poll(ctx, parseCursor(cursor))
	if err != nil {
		err = fmt.Errorf("poll agents' states: %w", p.because(err, len(cursor) > 0))
		if after := rest.RetryAfterOf(err); after > 0 {
			err = &schema.Pause{For: after, Err: err}
		}
		return schema.News{}, err
	}
	return news, nil
}

// because says of an error of the poll what the mirror can do about it. One of
// another call, such as the sign-in, is worth another try.
func (p *Presence) because(err error, going bool) error {
	e, ok := errors.AsType[*rest.Error](err)
	switch {
	case !ok || e.Path != p.connection.statesPath():
		return err
	case e.Status == http.StatusForbidden:
		return fmt.Errorf("%w: %w", schema.ErrSetup, err)
	case e.Status == http.StatusBadRequest && going:
		return fmt.Errorf("%w: %w", schema.ErrCursor, err)
	}
	return err
}

func (p *Presence) poll(ctx context.Context, from position) (schema.News, error) {
	codes, err := p.codes.Get(ctx)
	if err != nil {
		return schema.News{}, err
	}
	whole := from.ask == ""
	if whole {
		// It is read from time to time, which is when codes that were renamed
		// are noticed.
		codes = p.codesNow(ctx, codes)
	}
	if whole && from.last == "" {
		if from.last, err = p.mark(ctx); err != nil {
			return schema.News{}, err
		}
	}
	r, err := p.readStates(ctx, cmp.Or(from.ask, epoch))
	if err != nil {
		return schema.News{}, err
	}
	now := time.Now()
	news := schema.News{Whole: whole && !r.unmodified, Clock: p.clock.Skew(now), At: now, Doubt: r.doubt}
	if r.mark != "" {
		news.Cursor = from.next(r.mark)
	}
	if whole && r.isShort() {
		// Who moved between the pages while they were read may be missing, and
		// is not to be taken for logged out because of that.
		news.Whole, news.Gap = false, true
		p.log.Warn("the list of agents' states moved while it was read", "agents", r.total, "read", len(r.rows))
	}
	p.sight(ctx, codes, &r, &news)
	return news, nil
}

// sight puts rows into the words of rules.
func (p *Presence) sight(ctx context.Context, codes *codeTable, r *reading, news *schema.News) {
	news.Sightings = make([]schema.Sighting, 0, len(r.rows))
	looked, precision := false, time.Duration(0)
	for i := range r.rows {
		row := &r.rows[i]
		if !looked && row.hasUnknownCode(codes) {
			codes, looked = p.codesNow(ctx, codes), true
		}
		state, err := row.state(codes)
		switch {
		case err != nil:
			r.skip(row.Agent, err.Error())
		case state != (schema.ACDState{}):
			since, cut := row.since()
			precision = max(precision, cut)
			news.Sightings = append(news.Sightings, schema.Sighting{Person: string(row.Agent), State: state, Since: since})
		}
	}
	news.Clock = news.Clock.Cut(precision)
	news.Doubt = r.doubt
	if len(r.bad) > 0 {
		p.log.Warn("rows of agents' states make no sense and are left out", "rows", len(r.bad), "first", r.bad[0], "agents", enumerate(r.doubt))
	}
}

// A position is where a poll goes on. Both times are the server's lastPollTime,
// verbatim.
//
// A poll asks for what has changed since the answer before the last one. So
// every change is asked for twice, and is seen even where it came in the same
// tick of the server's clock as the last answer, slipped between its pages, or
// had not reached the replica that gave it. To see a state twice changes
// nothing.
type position struct {
	ask  string // what to ask for; "" is everything
	last string // what the last answer said
}

func parseCursor(cursor []byte) position {
	ask, last, found := strings.Cut(string(cursor), "\n")
	if !found {
		last = ask
	}
	return position{ask, last}
}

// next returns the cursor after an answer of that lastPollTime. Within one tick
// the question stays: it may be everything, once more.
func (at position) next(mark string) []byte {
	ask := at.last
	if mark == at.last {
		ask = at.ask
	}
	return []byte(ask + "\n" + mark)
}
