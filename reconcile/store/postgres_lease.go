package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// A grant is a lease as the database has it.
type grant struct {
	owner string
	epoch int64
	ttl   time.Duration
	left  time.Duration // by the database's clock; not positive when it has run out
}

func (g *grant) held() bool { return g.owner != "" && g.left > 0 }

// Acquire implements [Store]. Each of its statements is a transaction of its
// own, and one that is refused locks nothing: whoever is paused between two of
// them keeps neither the owner of the lease nor another tenant waiting.
func (p *Postgres) Acquire(ctx context.Context, name, owner string, ttl time.Duration) (l Lease, err error) {
	if err := checkLease(name, owner, ttl); err != nil {
		return Lease{}, fmt.Errorf("acquire: %w", err)
	}
	err = retry(ctx, func() (err error) {
		l, err = p.acquire(ctx, name, owner, ttl)
		return err
	})
	if errors.Is(err, ErrHeld) {
		return l, fmt.Errorf("acquire %q: %w", name, err)
	}
	if err != nil {
		return Lease{}, fmt.Errorf("acquire %q: %w", name, p.explain(err))
	}
	return l, nil
}

func (p *Postgres) acquire(ctx context.Context, name, owner string, ttl time.Duration) (Lease, error) {
	// Before the database counts, so that the lease ends here no later than
	// there.
	asked := time.Now()
	was, err := p.granted(ctx, name)
	if err != nil {
		return Lease{}, err
	}
	if was.held() {
		l := Lease{Name: name, Owner: was.owner, Epoch: was.epoch, Until: asked.Add(min(was.left, was.ttl))}
		if err := p.mend(ctx, name, &was); err != nil {
			return Lease{}, err
		}
		return l, fmt.Errorf("%w (%s)", ErrHeld, was.owner)
	}
	l := Lease{Name: name, Owner: owner, Until: time.Now().Add(ttl)}
	l.Epoch, err = p.give(ctx, name, owner, ttl)
	return l, err
}

// granted reads a lease, and makes the row of one that was never asked for.
func (p *Postgres) granted(ctx context.Context, name string) (g grant, err error) {
	var until, now time.Time
	var ttl int64
	err = p.pool.QueryRow(ctx, `
		SELECT owner, epoch, ttl, until, clock_timestamp() FROM lockstep_lease WHERE name = $1`, name).
		Scan(&g.owner, &g.epoch, &ttl, &until, &now)
	if none(err) {
		_, err = p.pool.Exec(ctx, `
			INSERT INTO lockstep_lease (name, owner, epoch, ttl, until) VALUES ($1, '', 0, 0, clock_timestamp())
			ON CONFLICT (name) DO NOTHING`, name)
		return grant{}, err
	}
	g.ttl, g.left = time.Duration(ttl)*time.Microsecond, until.Sub(now)
	return g, err
}

// mend shortens a lease that seems to last longer than it was ever given for:
// the database's clock was put back. The owner may be dead, and the clock may
// take hours to get there; counted anew, the lease ends after its ttl at the
// latest, or is renewed.
func (p *Postgres) mend(ctx context.Context, name string, g *grant) error {
	if g.left <= g.ttl {
		return nil
	}
	_, err := p.pool.Exec(ctx, `
		UPDATE lockstep_lease SET until = `+inTime+` WHERE name = $1 AND epoch = $3 AND until > `+inTime,
		name, g.ttl.Microseconds(), g.epoch)
	return err
}

// give makes owner the holder of a lease that nobody holds and returns the new
// epoch. The count of epochs is the whole database's, so it is taken last, and
// let go of with the answer: in one statement the process has no part between
// the two (UNCERTAIN: CockroachDB's documentation has all parts of it, and
// nothing of the whole). Somebody who was faster makes it come to nothing. It is no lower than
// the clock, for the reason that nextEpoch gives.
//
// Leases that ended a day ago are swept, because replicas may come with names
// of their own. What is not swept now, the next one sweeps.
func (p *Postgres) give(ctx context.Context, name, owner string, ttl time.Duration) (epoch int64, err error) {
	err = p.pool.QueryRow(ctx, `
		WITH mine AS (
			SELECT name FROM lockstep_lease
			WHERE name = $1 AND (owner = '' OR until <= clock_timestamp()) FOR UPDATE
		), next AS (
			UPDATE lockstep_epoch SET epoch = greatest(epoch + 1, extract(epoch FROM clock_timestamp())::BIGINT)
			WHERE id = 1 AND (SELECT count(*) FROM mine) = 1 RETURNING epoch
		)
		UPDATE lockstep_lease SET owner = $3, epoch = next.epoch, ttl = $2, until = `+inTime+`
		FROM next WHERE lockstep_lease.name = $1
		RETURNING lockstep_lease.epoch`,
		name, ttl.Microseconds(), owner).Scan(&epoch)
	if none(err) {
		return 0, errNotCommitted
	}
	if err != nil {
		return 0, err
	}
	_, _ = p.pool.Exec(ctx, `DELETE FROM lockstep_lease WHERE until < clock_timestamp() - INTERVAL '1 day'`)
	return epoch, nil
}

// inTime is the moment that $2 microseconds from now, by the database's clock
// and not by the start of the statement, which may have waited.
const inTime = `clock_timestamp() + $2::BIGINT * INTERVAL '1 microsecond'`

// Renew implements [Store].
func (p *Postgres) Renew(ctx context.Context, l Lease, ttl time.Duration) (Lease, error) {
	if err := checkLease(l.Name, l.Owner, ttl); err != nil {
		return Lease{}, fmt.Errorf("renew: %w", err)
	}
	asked := time.Now()
	n, err := p.change(ctx, `
		UPDATE lockstep_lease SET ttl = $2, until = `+inTime+` WHERE name = $1 AND epoch = $3 AND owner <> ''`,
		l.Name, ttl.Microseconds(), l.Epoch)
	if err != nil {
		return Lease{}, fmt.Errorf("renew %q: %w", l.Name, err)
	}
	if n == 0 {
		return Lease{}, fmt.Errorf("renew: lease %q, epoch %d: %w", l.Name, l.Epoch, ErrFenced)
	}
	l.Until = asked.Add(ttl)
	return l, nil
}

// Release implements [Store].
func (p *Postgres) Release(ctx context.Context, l Lease) error {
	_, err := p.change(ctx, `
		UPDATE lockstep_lease SET owner = '', until = clock_timestamp() WHERE name = $1 AND epoch = $2`, l.Name, l.Epoch)
	if err != nil {
		return fmt.Errorf("release %q: %w", l.Name, err)
	}
	return nil
}

// change runs a statement that may be run twice.
func (p *Postgres) change(ctx context.Context, sql string, args ...any) (n int64, err error) {
	err = retry(ctx, func() error {
		tag, err := p.pool.Exec(ctx, sql, args...)
		n = tag.RowsAffected()
		return err
	})
	if err != nil {
		return 0, p.explain(err)
	}
	return n, nil
}

// Leases implements [Store].
func (p *Postgres) Leases(ctx context.Context) ([]Lease, error) {
	asked := time.Now()
	leases, err := each(ctx, p, func(row pgx.CollectableRow) (l Lease, err error) {
		var until, now time.Time
		err = row.Scan(&l.Name, &l.Owner, &l.Epoch, &until, &now)
		l.Until = asked.Add(until.Sub(now))
		return l, err
	}, `SELECT name, owner, epoch, until, clock_timestamp() FROM lockstep_lease
		WHERE owner <> '' AND until > clock_timestamp()`)
	if err != nil {
		return nil, fmt.Errorf("list leases: %w", err)
	}
	slices.SortFunc(leases, func(a, b Lease) int { return cmp.Compare(a.Name, b.Name) })
	return leases, nil
}
