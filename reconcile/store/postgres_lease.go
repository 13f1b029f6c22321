package store

import (
	"cmp"
	"context"
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

// Acquire implements [Store].
func (p *Postgres) Acquire(ctx context.Context, name, owner string, ttl time.Duration) (Lease, error) {
	if err := checkLease(name, owner, ttl); err != nil {
		return Lease{}, fmt.Errorf("acquire: %w", err)
	}
	var l Lease
	var refused error
	err := p.transact(ctx, func(tx pgx.Tx) error {
		// Before the database counts, so that the lease ends here no later
		// than there.
		asked := time.Now()
		was, err := lockLease(ctx, tx, name)
		if err != nil {
			return err
		}
		if was.held() {
			l = Lease{Name: name, Owner: was.owner, Epoch: was.epoch, Until: asked.Add(min(was.left, was.ttl))}
			refused = fmt.Errorf("%w (%s)", ErrHeld, was.owner)
			return mend(ctx, tx, name, &was)
		}
		refused = nil
		l = Lease{Name: name, Owner: owner, Until: asked.Add(ttl)}
		l.Epoch, err = give(ctx, tx, name, owner, ttl)
		return err
	})
	switch {
	case err != nil:
		return Lease{}, fmt.Errorf("acquire %q: %w", name, p.explain(err))
	case refused != nil:
		return l, fmt.Errorf("acquire %q: %w", name, refused)
	}
	return l, nil
}

// lockLease reads a lease that stays as it is until the transaction ends.
func lockLease(ctx context.Context, tx pgx.Tx, name string) (g grant, err error) {
	_, err = tx.Exec(ctx, `
		INSERT INTO lockstep_lease (name, owner, epoch, ttl, until) VALUES ($1, '', 0, 0, clock_timestamp())
		ON CONFLICT (name) DO NOTHING`, name)
	if err != nil {
		return g, err
	}
	var until, now time.Time
	var ttl int64
	err = tx.QueryRow(ctx, `
		SELECT owner, epoch, ttl, until, clock_timestamp() FROM lockstep_lease WHERE name = $1 FOR UPDATE`, name).
		Scan(&g.owner, &g.epoch, &ttl, &until, &now)
	if none(err) {
		return g, errNotCommitted // swept between the two statements
	}
	g.ttl, g.left = time.Duration(ttl)*time.Microsecond, until.Sub(now)
	return g, err
}

// mend shortens a lease that seems to last longer than it was ever given for:
// the database's clock was put back. The owner may be dead, and the clock may
// take hours to get there; counted anew, the lease ends after its ttl at the
// latest, or is renewed.
func mend(ctx context.Context, tx pgx.Tx, name string, g *grant) error {
	if g.left <= g.ttl {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE lockstep_lease SET until = `+inMicros(2)+` WHERE name = $1`, name, g.ttl.Microseconds())
	return err
}

// give makes owner the holder and returns the new epoch, [nextEpoch] by the
// database's clock. Leases that ended a
// day ago are swept, because replicas may come with names of their own.
func give(ctx context.Context, tx pgx.Tx, name, owner string, ttl time.Duration) (epoch int64, err error) {
	err = tx.QueryRow(ctx, `
		UPDATE lockstep_epoch SET epoch = greatest(epoch + 1, floor(extract(epoch FROM clock_timestamp()))::BIGINT)
		WHERE id = 1 RETURNING epoch`).Scan(&epoch)
	if err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, `
		UPDATE lockstep_lease SET owner = $3, epoch = $4, ttl = $2, until = `+inMicros(2)+` WHERE name = $1`,
		name, ttl.Microseconds(), owner, epoch)
	if err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, `DELETE FROM lockstep_lease WHERE until < clock_timestamp() - INTERVAL '1 day'`)
	return epoch, err
}

// inMicros is the moment that many microseconds from now, by the database's
// clock and not by the start of the transaction, which may have waited.
func inMicros(argument int) string {
	return fmt.Sprintf("clock_timestamp() + $%d::BIGINT * INTERVAL '1 microsecond'", argument)
}

// Renew implements [Store].
func (p *Postgres) Renew(ctx context.Context, l Lease, ttl time.Duration) (Lease, error) {
	if err := checkLease(l.Name, l.Owner, ttl); err != nil {
		return Lease{}, fmt.Errorf("renew: %w", err)
	}
	asked := time.Now()
	n, err := p.change(ctx, `
		UPDATE lockstep_lease SET ttl = $2, until = `+inMicros(2)+` WHERE name = $1 AND epoch = $3 AND owner <> ''`,
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
