package store

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// patience is what every session asks of the database, so that a process that
// is paused or cut off in the middle of a transaction keeps nobody waiting:
// what it has locked, the next owner of the lease needs within five seconds,
// and an operator's stop within two.
//
// CockroachDB and YugabyteDB know both names (UNCERTAIN: from their
// documentation, tested on PostgreSQL only). How long a statement may take is
// left open: making an index or erasing years of history takes its time, and
// locks no lease meanwhile.
func patience() [][2]string {
	return [][2]string{
		// No transaction of ours waits for anything but the database.
		{"idle_in_transaction_session_timeout", "1500ms"},
		// Less than any caller waits: the lock would come when nobody wants it
		// any more, and be held until the timeout above. It is asked for again.
		{"lock_timeout", "1s"},
	}
}

// bePatient has new connections ask for what patience says and the URL does
// not. It is asked for by SET and not when connecting, because proxies such as
// PgBouncer refuse connections that bring names they do not know.
func bePatient(config *pgxpool.Config) {
	var wanted [][2]string
	given := config.ConnConfig.RuntimeParams
	for _, p := range patience() {
		if _, own := given[p[0]]; !own && !strings.Contains(given["options"], p[0]) {
			wanted = append(wanted, p)
		}
	}
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		for _, p := range wanted {
			_, err := conn.Exec(ctx, "SET "+p[0]+" = '"+p[1]+"'", pgx.QueryExecModeSimpleProtocol)
			if err != nil && codeOf(err) != codeUnknownName {
				return err
			}
		}
		return nil
	}
}
