package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/lockstep-sync/lockstep/schema"
)

// A Postgres is a store in a database that speaks PostgreSQL's language, for
// any number of replicas. Its SQL keeps to what CockroachDB and YugabyteDB
// accept as well (UNCERTAIN: from their documentation, tested on PostgreSQL
// only): row locks and upserts, no NOTIFY, no advisory locks, no sequences.
//
// Leases go by the database's clock.
type Postgres struct {
	pool   *pgxpool.Pool
	source string // where the URL came from; the URL itself is never shown

	// Every transaction rests on row locks, so the weakest level will do.
	// Databases that know no other run it as serializable; so does a test.
	isolation pgx.TxIsoLevel
}

var _ Store = (*Postgres)(nil)

// connectPatience is how long one attempt to connect may take, unless the URL
// says otherwise.
const connectPatience = 5 * time.Second

// OpenPostgres connects to the database at url and makes or updates the tables
// there. No error shows the URL or a part of it that the server does not
// repeat.
func OpenPostgres(ctx context.Context, url schema.Secret) (*Postgres, error) {
	config, err := pgxpool.ParseConfig(url.Reveal())
	if err != nil {
		// What pgx says of it holds most of the URL.
		return nil, fmt.Errorf("the database's URL%s cannot be read; its form is postgres://USER:PASSWORD@HOST/DATABASE", from(url.Source()))
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectPatience
	}
	p := &Postgres{source: url.Source(), isolation: pgx.ReadCommitted}
	if err := p.connect(ctx, config); err != nil {
		return nil, p.explain(err)
	}
	return p, nil
}

func (p *Postgres) connect(ctx context.Context, config *pgxpool.Config) (err error) {
	bePatient(config)
	p.pool, err = pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	if err := p.migrate(ctx); err != nil {
		p.pool.Close()
		return err
	}
	return nil
}

// Close implements [Store].
func (p *Postgres) Close() error {
	p.pool.Close()
	return nil
}

// explain says of an error of the database whose it is, and nothing secret.
func (p *Postgres) explain(err error) error {
	if isOurs(err) {
		return err
	}
	return fmt.Errorf("the database%s: %w", from(p.source), plain(err))
}

func from(source string) string {
	if source == "" {
		return ""
	}
	return " of " + source
}

// errNotCommitted asks for another attempt.
var errNotCommitted = errors.New("the connection was lost before the commit")

// once runs do in a transaction. It returns errAnswerLost when the connection
// ended during the commit.
func (p *Postgres) once(ctx context.Context, do func(pgx.Tx) error) error {
	tx, err := p.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: p.isolation})
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		_ = tx.Rollback(ctx) // the error that led here is what counts
		return err
	}
	err = tx.Commit(ctx)
	_, answered := errors.AsType[*pgconn.PgError](err)
	if err == nil || answered || errors.Is(err, pgx.ErrTxCommitRollback) {
		return err
	}
	// Whatever pgx says about it: when an answer does not come, pgx 5.12 calls
	// the commit safe to retry as if it had never been sent.
	return fmt.Errorf("%w: %w", errAnswerLost, err)
}

// each reads rows into a slice.
func each[T any](ctx context.Context, p *Postgres, scan func(pgx.CollectableRow) (T, error), sql string, args ...any) (rows []T, err error) {
	err = retry(ctx, func() error {
		result, err := p.pool.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		rows, err = pgx.CollectRows(result, scan)
		return err
	})
	if err != nil {
		return nil, p.explain(err)
	}
	return rows, nil
}
