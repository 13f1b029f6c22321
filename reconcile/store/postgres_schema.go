package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// migrations returns the statements that lead from each version of the tables
// to the next. Statements can be run twice: they run one by one, because not
// every database can undo the making of a table, and replicas that start
// together run them at the same time.
//
// Keys of memory are bytes, so that they sort the same under every collation.
func migrations() [][]string {
	return [][]string{{
		`CREATE TABLE IF NOT EXISTS lockstep_tenant (
			name    TEXT PRIMARY KEY,
			counter BIGINT NOT NULL,
			mark    TEXT NOT NULL
		)`,
		`CREATE TABLE IF NOT EXISTS lockstep_memory (
			tenant  TEXT NOT NULL,
			key     BYTEA NOT NULL,
			value   BYTEA NOT NULL,
			version BIGINT NOT NULL,
			PRIMARY KEY (tenant, key)
		)`,
		`CREATE TABLE IF NOT EXISTS lockstep_journal (
			tenant TEXT NOT NULL,
			seq    BIGINT NOT NULL,
			at     TIMESTAMPTZ NOT NULL,
			agent  TEXT NOT NULL,
			data   BYTEA NOT NULL,
			PRIMARY KEY (tenant, seq)
		)`,
		`CREATE INDEX IF NOT EXISTS lockstep_journal_agent ON lockstep_journal (tenant, agent, seq)`,
		`CREATE INDEX IF NOT EXISTS lockstep_journal_at ON lockstep_journal (tenant, at, seq)`,
		`CREATE TABLE IF NOT EXISTS lockstep_lease (
			name  TEXT PRIMARY KEY,
			owner TEXT NOT NULL,
			epoch BIGINT NOT NULL,
			ttl   BIGINT NOT NULL,
			until TIMESTAMPTZ NOT NULL
		)`,
		`CREATE TABLE IF NOT EXISTS lockstep_epoch (
			id    INT PRIMARY KEY,
			epoch BIGINT NOT NULL
		)`,
		`INSERT INTO lockstep_epoch (id, epoch) VALUES (1, 0) ON CONFLICT (id) DO NOTHING`,
	}}
}

const versionTable = `CREATE TABLE IF NOT EXISTS lockstep_version (
	version INT PRIMARY KEY,
	since   TIMESTAMPTZ NOT NULL
)`

// migrate brings the tables to this program's version. Tables that are there
// already need no right to make any.
func (p *Postgres) migrate(ctx context.Context) error {
	have, err := p.version(ctx)
	if err != nil {
		return err
	}
	steps := migrations()
	if have > len(steps) {
		return fmt.Errorf("%w: version %d, this one knows %d", ErrNewer, have, len(steps))
	}
	for ; have < len(steps); have++ {
		if err := p.step(ctx, steps[have], have+1); err != nil {
			return err
		}
	}
	return nil
}

func (p *Postgres) step(ctx context.Context, statements []string, version int) error {
	for _, sql := range append([]string{versionTable}, statements...) {
		if err := p.define(ctx, sql); err != nil {
			return err
		}
	}
	return p.define(ctx, `INSERT INTO lockstep_version (version, since) VALUES ($1, now()) ON CONFLICT (version) DO NOTHING`, version)
}

// define runs one statement, again when another replica ran the same one at
// the same time: IF NOT EXISTS looks before it takes the lock.
func (p *Postgres) define(ctx context.Context, sql string, args ...any) error {
	return retry(ctx, func() error {
		_, err := p.pool.Exec(ctx, sql, args...)
		switch codeOf(err) {
		case "23505", "42P07", "42710", "XX000": // exists by now, as table, type or row of a catalogue
			return fmt.Errorf("%w: %w", errNotCommitted, plain(err))
		}
		return err
	})
}

// version returns the version of the tables, 0 when there are none.
func (p *Postgres) version(ctx context.Context) (version int, err error) {
	err = retry(ctx, func() error {
		return p.pool.QueryRow(ctx, `SELECT coalesce(max(version), 0) FROM lockstep_version`).Scan(&version)
	})
	if codeOf(err) == "42P01" { // no such table
		return 0, nil
	}
	return version, err
}

// codeOf returns the database's code of an error, "" when it is not one.
func codeOf(err error) string {
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		return answer.Code
	}
	return ""
}

// none reports whether an error is the absence of a row.
func none(err error) bool { return errors.Is(err, pgx.ErrNoRows) }
