package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// Journal implements [Store].
func (p *Postgres) Journal(ctx context.Context, q Query) iter.Seq2[Entry, error] {
	if q.Last > 0 {
		return func(yield func(Entry, error) bool) {
			page, err := p.entries(ctx, q, q.After, math.MaxInt64, q.Last)
			slices.Reverse(page)
			whole(page, err)(yield)
		}
	}
	var end int64
	return paged(func(last *Entry) ([]Entry, error) {
		if last != nil {
			return p.entries(ctx, q, last.Seq, end, pageSize)
		}
		first, until, err := p.within(ctx, q)
		if err != nil {
			return nil, err
		}
		end = until
		return p.entries(ctx, q, max(q.After, first-1), end, pageSize)
	})
}

// within returns the first and last number that q's entries have, so that a
// page is read along the journal and does not begin with a search for the
// moment where the time span does.
func (p *Postgres) within(ctx context.Context, q Query) (first, last int64, err error) {
	if q.Agent != "" || q.From.IsZero() && q.To.IsZero() {
		return 1, math.MaxInt64, nil
	}
	if err := q.check(); err != nil {
		return 0, 0, fmt.Errorf("read journal: %w", err)
	}
	from, to := q.times()
	bounds, err := each(ctx, p, func(row pgx.CollectableRow) (b [2]int64, err error) {
		return b, row.Scan(&b[0], &b[1])
	}, `SELECT coalesce(min(seq), 1), coalesce(max(seq), 0) FROM lockstep_journal
		WHERE tenant = $1 AND at >= $2 AND at < $3`, q.Tenant, from, to)
	if err != nil {
		return 0, 0, fmt.Errorf("read journal: %w", err)
	}
	return bounds[0][0], bounds[0][1], nil
}

// entries reads up to limit entries that q means, from behind one number to
// another: the first, or the last, backwards, when q asks for those.
func (p *Postgres) entries(ctx context.Context, q Query, after, end int64, limit int) ([]Entry, error) {
	if err := q.check(); err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	from, to := q.times()
	sql := `SELECT seq, at, agent, data FROM lockstep_journal
		WHERE tenant = $1 AND seq > $2 AND seq <= $3 AND at >= $4 AND at < $5`
	args := []any{q.Tenant, after, end, from, to, limit}
	if q.Agent != "" {
		sql += ` AND agent = $7`
		args = append(args, q.Agent)
	}
	if sql += ` ORDER BY seq`; q.Last > 0 {
		sql += ` DESC`
	}
	entries, err := each(ctx, p, scanEntry, sql+` LIMIT $6`, args...)
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	return entries, nil
}

func scanEntry(row pgx.CollectableRow) (e Entry, err error) {
	err = row.Scan(&e.Seq, &e.At, &e.Agent, &e.Data)
	e.At = e.At.UTC()
	return e, err
}

// times returns the query's span within what an entry's time can be.
func (q *Query) times() (from, to time.Time) {
	first := time.Unix(0, 0)
	last := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	from, to = first, last
	if q.From.After(first) {
		from = time.UnixMicro(ceilMicro(q.From))
	}
	if !q.To.IsZero() && q.To.Before(last) {
		to = time.UnixMicro(ceilMicro(q.To))
	}
	return from, to
}

// Erase implements [Store].
func (p *Postgres) Erase(ctx context.Context, q Query) (int, error) {
	if q.Last > 0 {
		return 0, errors.New("erase: not by a number of entries")
	}
	if err := q.check(); err != nil {
		return 0, fmt.Errorf("erase: %w", err)
	}
	from, to := q.times()
	sql := `DELETE FROM lockstep_journal WHERE tenant = $1 AND seq IN (
		SELECT seq FROM lockstep_journal WHERE tenant = $1 AND seq > $2 AND at >= $3 AND at < $4`
	args := []any{q.Tenant, q.After, from, to, pageSize}
	if q.Agent != "" {
		sql += ` AND agent = $6`
		args = append(args, q.Agent)
	}
	erased := 0
	for {
		var n int
		err := retry(ctx, func() error {
			tag, err := p.pool.Exec(ctx, sql+` LIMIT $5)`, args...)
			n = int(tag.RowsAffected())
			return err
		})
		if err != nil {
			return erased, fmt.Errorf("erase: %w", p.explain(err))
		}
		if erased += n; n == 0 {
			return erased, nil
		}
	}
}
