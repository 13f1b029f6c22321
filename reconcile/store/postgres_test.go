//go:build linux

package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/lockstep-sync/lockstep/schema"
)

// A lossy connection loses the first commit or its answer.
type lossy struct {
	net.Conn
	lost   *atomic.Bool // once for all connections of a pool
	before bool         // lose the commit itself
	then   func()       // runs when the commit is done and its answer lost
	armed  bool
}

func (c *lossy) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte("commit\x00")) && c.lost.CompareAndSwap(false, true) {
		if c.before {
			_ = c.Close()
			return 0, net.ErrClosed
		}
		c.armed = true
	}
	return c.Conn.Write(b)
}

func (c *lossy) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if !c.armed {
		return n, err
	}
	c.armed = false
	_ = c.Close()
	c.then()
	return 0, net.ErrClosed
}

// TestLostAnswer loses the connection around a commit. A commit that is
// acknowledged was made once; one that cannot be known about says so.
func TestLostAnswer(t *testing.T) {
	s := needServer(t)
	tests := []struct {
		why     string
		before  bool
		another bool // somebody else writes before the answer is looked for
		want    error
		lines   []string
	}{
		{"the commit is lost: it is made again", true, false, nil, []string{"mine"}},
		{"the answer is lost: it is not made again", false, false, nil, []string{"mine"}},
		{"the answer is lost, and others wrote since", false, true, ErrUnknown, []string{"mine", "another's"}},
	}
	for _, test := range tests {
		t.Run(test.why, func(t *testing.T) {
			url := s.fresh(t)
			other, err := OpenPostgres(t.Context(), url)
			must(t, err)
			defer other.Close()
			then := func() {
				if test.another {
					commit1(t, other, Batch{Append: []Entry{line("", "another's", noon)}})
				}
			}
			p := &Postgres{isolation: pgx.ReadCommitted}
			must(t, p.connect(t.Context(), lossyConfig(t, url, test.before, then)))
			defer p.Close()
			_, err = p.Commit(t.Context(), Batch{Tenant: "acme", Append: []Entry{line("", "mine", noon)}})
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			same(t, "the journal", test.lines, journal(t, other, Query{}))
		})
	}
}

func lossyConfig(t *testing.T, url schema.Secret, before bool, then func()) *pgxpool.Config {
	t.Helper()
	config, err := pgxpool.ParseConfig(url.Reveal())
	must(t, err)
	dial, lost := config.ConnConfig.DialFunc, &atomic.Bool{}
	config.ConnConfig.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &lossy{Conn: conn, lost: lost, before: before, then: then}, nil
	}
	return config
}

// TestServerCrash ends the server at once while four write to it, and starts
// it again.
func TestServerCrash(t *testing.T) {
	s := needServer(t)
	p, err := OpenPostgres(t.Context(), s.fresh(t))
	must(t, err)
	defer p.Close()
	const writers = 4
	var all sync.WaitGroup
	var acknowledged, possible [writers][]string
	first := make(chan bool, writers)
	for w := range writers {
		all.Go(func() {
			for n := 0; ; n++ {
				text := fmt.Sprint(w, "-", n)
				_, err := p.Commit(t.Context(), Batch{Tenant: "acme", Set: set(fmt.Sprint("writer/", w), text), Append: []Entry{line(fmt.Sprint(w), text, noon)}})
				switch {
				case err == nil:
					acknowledged[w] = append(acknowledged[w], text)
				case errors.Is(err, ErrUnknown):
					possible[w] = append(slices.Clip(acknowledged[w]), text)
				}
				if err != nil {
					return
				}
				if n == 20 {
					first <- true
				}
			}
		})
	}
	for range writers {
		<-first
	}
	s.stop(syscall.SIGQUIT)
	all.Wait()
	s.start(t)
	for w := range writers {
		got := journal(t, p, Query{Agent: fmt.Sprint(w)})
		if len(got) != len(acknowledged[w]) && possible[w] != nil {
			acknowledged[w] = possible[w]
		}
		same(t, "what was acknowledged is there, once", acknowledged[w], got)
		same(t, "with its value", got[len(got)-1], memory(t, p, "")[fmt.Sprint("writer/", w)])
	}
}

// TestStartTogether has replicas make the tables at the same time.
func TestStartTogether(t *testing.T) {
	url := needServer(t).fresh(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			p, err := OpenPostgres(t.Context(), url)
			if err != nil {
				t.Error(err)
				return
			}
			_ = p.Close()
		})
	}
	all.Wait()
}

func TestNewerTables(t *testing.T) {
	url := needServer(t).fresh(t)
	p, err := OpenPostgres(t.Context(), url)
	must(t, err)
	defer p.Close()
	must(t, p.define(t.Context(), `INSERT INTO lockstep_version (version, since) VALUES (99, now())`))
	_, err = OpenPostgres(t.Context(), url)
	wantErr(t, err, ErrNewer)
}

// TestFailedWrite has one statement of several fail: the error is told, and
// nothing of the batch is there.
func TestFailedWrite(t *testing.T) {
	p, err := OpenPostgres(t.Context(), needServer(t).fresh(t))
	must(t, err)
	defer p.Close()
	must(t, p.define(t.Context(), `ALTER TABLE lockstep_journal ADD CONSTRAINT full_up CHECK (agent <> 'ana')`))
	_, err = p.Commit(t.Context(), Batch{Tenant: "acme", Set: set("k", "1"), Append: []Entry{line("ana", "1", noon)}})
	if err == nil || !strings.Contains(err.Error(), "SQLSTATE 23514") {
		t.Errorf("the error is %v", err)
	}
	same(t, "nothing was written", map[string]string{}, memory(t, p, ""))
}

// TestNoSecretInErrors opens databases that are not there, or not like that,
// and looks for the URL in what is said.
func TestNoSecretInErrors(t *testing.T) {
	canaries := []string{password, "user-canary", "host-canary", "db-canary", "postgres://"}
	tests := map[string]string{
		"no such host":           "postgres://user-canary:" + password + "@host-canary.invalid/db-canary",
		"nobody listens":         "postgres://user-canary:" + password + "@127.0.0.1:1/db-canary",
		"no such socket":         "postgres://user-canary:" + password + "@/db-canary?host=/host-canary",
		"a port that is none":    "postgres://user-canary:" + password + "@host-canary:port/db-canary",
		"a URL that is none":     "postgres://user-canary:" + password + "%zz@host-canary/db-canary",
		"an option that is none": "postgres://user-canary:" + password + "@host-canary/db-canary?sslmode=" + password,
		"another scheme":         "mysql://user-canary:" + password + "@host-canary/db-canary",
		"a scheme left out":      "user-canary:" + password + "@host-canary/db-canary",
		"a list of words":        "host=host-canary user=user-canary password=" + password,
	}
	for why, url := range tests {
		noneOf(t, why, canaries, url)
	}
	s := needServer(t)
	noneOf(t, "a wrong password", []string{"wrong-" + password, s.dir}, strings.Replace(s.url("public"), password, "wrong-"+password, 1))
	noneOf(t, "no such database", []string{password, s.dir}, strings.Replace(s.url("public"), "/postgres?", "/elsewhere?", 1))
}

func noneOf(t *testing.T, why string, canaries []string, url string) {
	t.Helper()
	_, err := Open(t.Context(), schema.NewSecret(url, "variable STORE"))
	if err == nil {
		t.Errorf("%s: opened", why)
		return
	}
	for _, canary := range canaries {
		example := "postgres://USER:PASSWORD@HOST/DATABASE"
		if strings.Contains(strings.ReplaceAll(strings.ReplaceAll(err.Error(), example, ""), "without postgres://", ""), canary) {
			t.Errorf("%s: %q is in %q", why, canary, err)
		}
	}
}

// TestOpen picks by scheme.
func TestOpen(t *testing.T) {
	file, err := Open(t.Context(), schema.NewSecret(filepath.Join(t.TempDir(), "a@b", "store"), "the default"))
	must(t, err)
	defer file.Close()
	if _, ok := file.(*File); !ok {
		t.Errorf("a path opens a %T", file)
	}
	if _, err := Open(t.Context(), schema.Secret{}); err == nil {
		t.Error("nothing opens")
	}
	database, err := Open(t.Context(), needServer(t).fresh(t))
	must(t, err)
	defer database.Close()
	if _, ok := database.(*Postgres); !ok {
		t.Errorf("a URL opens a %T", database)
	}
}
