package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"
)

// Commit implements [Store]. Commits to one tenant follow one another: the
// tenant's row is locked first, which makes the journal's order that of the
// commits.
func (p *Postgres) Commit(ctx context.Context, b Batch) (version int64, err error) {
	if err := b.check(); err != nil {
		return 0, fmt.Errorf("commit: %w", err)
	}
	mark := rand.Text()
	err = retry(ctx, func() error {
		err := p.once(ctx, func(tx pgx.Tx) (err error) {
			version, err = commit(ctx, tx, &b, mark)
			return err
		})
		if errors.Is(err, errAnswerLost) {
			return p.settle(ctx, b.Tenant, version, mark)
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("commit: %w", p.explain(err))
	}
	return version, nil
}

func commit(ctx context.Context, tx pgx.Tx, b *Batch, mark string) (version int64, err error) {
	if err := checkFence(ctx, tx, b.Fence); err != nil {
		return 0, err
	}
	steps := int64(len(b.Append)) + 1
	err = tx.QueryRow(ctx, `
		INSERT INTO lockstep_tenant (name, counter, mark) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET counter = lockstep_tenant.counter + $2, mark = $3
		RETURNING counter`, b.Tenant, steps, mark).Scan(&version)
	if err != nil {
		return 0, err
	}
	if err := compare(ctx, tx, b); err != nil {
		return version, err
	}
	var writes pgx.Batch
	queueMemory(&writes, b, version)
	queueJournal(&writes, b, version-steps+1)
	if writes.Len() == 0 {
		return version, nil
	}
	return version, tx.SendBatch(ctx, &writes).Close()
}

// checkFence locks the lease's row, so that nobody takes the lease before the
// commit.
func checkFence(ctx context.Context, tx pgx.Tx, fence Fence) error {
	if fence == (Fence{}) {
		return nil
	}
	var epoch int64
	err := tx.QueryRow(ctx, `
		SELECT epoch FROM lockstep_lease
		WHERE name = $1 AND epoch = $2 AND owner <> '' FOR UPDATE`, fence.Lease, fence.Epoch).Scan(&epoch)
	if none(err) {
		return fmt.Errorf("lease %q, epoch %d: %w", fence.Lease, fence.Epoch, ErrFenced)
	}
	return err
}

// compare checks the versions that the batch rests on. Nobody else can write
// to the tenant meanwhile.
func compare(ctx context.Context, tx pgx.Tx, b *Batch) error {
	was := map[string]int64{}
	var keys [][]byte
	for _, set := range b.Set {
		if set.Was != Any {
			was[set.Key] = set.Was
			keys = append(keys, []byte(set.Key))
		}
	}
	if len(keys) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, `SELECT key, version FROM lockstep_memory WHERE tenant = $1 AND key = ANY($2)`, b.Tenant, keys)
	if err != nil {
		return err
	}
	var key []byte
	var version int64
	is := map[string]int64{}
	if _, err := pgx.ForEachRow(rows, []any{&key, &version}, func() error {
		is[string(key)] = version
		return nil
	}); err != nil {
		return err
	}
	for _, set := range b.Set {
		if want, compared := was[set.Key]; compared && is[set.Key] != want {
			return fmt.Errorf("%q: %w", set.Key, ErrConflict)
		}
	}
	return nil
}

func queueMemory(writes *pgx.Batch, b *Batch, version int64) {
	var keys, values, gone [][]byte
	for _, set := range b.Set {
		if set.Value == nil {
			gone = append(gone, []byte(set.Key))
			continue
		}
		keys, values = append(keys, []byte(set.Key)), append(values, set.Value)
	}
	if len(keys) > 0 {
		writes.Queue(`
			INSERT INTO lockstep_memory (tenant, key, value, version)
			SELECT $1, k, v, $4 FROM unnest($2::BYTEA[], $3::BYTEA[]) AS t (k, v)
			ON CONFLICT (tenant, key) DO UPDATE SET value = excluded.value, version = excluded.version`,
			b.Tenant, keys, values, version)
	}
	if len(gone) > 0 {
		writes.Queue(`DELETE FROM lockstep_memory WHERE tenant = $1 AND key = ANY($2)`, b.Tenant, gone)
	}
}

func queueJournal(writes *pgx.Batch, b *Batch, first int64) {
	if len(b.Append) == 0 {
		return
	}
	n := len(b.Append)
	seqs, ats, agents, data := make([]int64, n), make([]time.Time, n), make([]string, n), make([][]byte, n)
	for i, e := range b.Append {
		seqs[i], ats[i], agents[i], data[i] = first+int64(i), e.At.Truncate(time.Microsecond), e.Agent, e.Data
		if e.Data == nil {
			data[i] = []byte{} // nil would be NULL
		}
	}
	writes.Queue(`
		INSERT INTO lockstep_journal (tenant, seq, at, agent, data)
		SELECT $1, s, a, g, d FROM unnest($2::BIGINT[], $3::TIMESTAMPTZ[], $4::TEXT[], $5::BYTEA[]) AS t (s, a, g, d)`,
		b.Tenant, seqs, ats, agents, data)
}

// settle finds out what became of a commit whose answer was lost: it was made
// when the tenant bears its mark, and was not when the counter is still lower.
// Once others have written since, nobody can tell.
func (p *Postgres) settle(ctx context.Context, tenant string, version int64, mark string) error {
	var counter int64
	var found string
	// The lock waits for the lost transaction, should it still be under way.
	err := retry(ctx, func() error {
		return p.pool.QueryRow(ctx, `SELECT counter, mark FROM lockstep_tenant WHERE name = $1 FOR UPDATE`, tenant).Scan(&counter, &found)
	})
	switch {
	case none(err), err == nil && counter < version:
		return errNotCommitted
	case err != nil:
		return fmt.Errorf("%w: %w", ErrUnknown, plain(err))
	case found == mark:
		return nil
	}
	return ErrUnknown
}

// Recall implements [Store].
func (p *Postgres) Recall(ctx context.Context, tenant, key string) (Item, error) {
	if err := checkName("tenant", tenant); err != nil {
		return Item{}, fmt.Errorf("recall %q: %w", key, err)
	}
	items, err := each(ctx, p, scanItem, `
		SELECT key, value, version FROM lockstep_memory WHERE tenant = $1 AND key = $2`, tenant, []byte(key))
	if err != nil {
		return Item{}, fmt.Errorf("recall %q: %w", key, err)
	}
	if len(items) == 0 {
		return Item{Key: key}, nil
	}
	return items[0], nil
}

// Memory implements [Store].
func (p *Postgres) Memory(ctx context.Context, tenant, prefix string) iter.Seq2[Item, error] {
	return paged(func(last *Item) ([]Item, error) {
		if err := checkName("tenant", tenant); err != nil {
			return nil, fmt.Errorf("read memory: %w", err)
		}
		first := []byte(prefix)
		if last != nil {
			first = append([]byte(last.Key), 0) // the next key there could be
		}
		sql, args := `
			SELECT key, value, version FROM lockstep_memory
			WHERE tenant = $1 AND key >= $2`, []any{tenant, first, pageSize}
		if end := behind(prefix); end != nil {
			sql, args = sql+` AND key < $4`, append(args, end)
		}
		items, err := each(ctx, p, scanItem, sql+` ORDER BY key LIMIT $3`, args...)
		if err != nil {
			return nil, fmt.Errorf("read memory: %w", err)
		}
		return items, nil
	})
}

// behind returns the least key that comes after all that begin with prefix,
// nil when there is none.
func behind(prefix string) []byte {
	end := []byte(prefix)
	for len(end) > 0 && end[len(end)-1] == 0xff {
		end = end[:len(end)-1]
	}
	if len(end) == 0 {
		return nil
	}
	end[len(end)-1]++
	return end
}

func scanItem(row pgx.CollectableRow) (item Item, err error) {
	var key []byte
	err = row.Scan(&key, &item.Value, &item.Version)
	item.Key = string(key)
	return item, err
}
