//go:build linux

package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// A bench is one kind of store on the suite's bench.
type bench struct {
	one, two Store // two replicas; a file has only one process, so one store
	reopen   func(t *testing.T) Store
	// pass lets the leases' clock run on.
	pass func(t *testing.T, d time.Duration)
	// putBack turns the leases' clock back, as an administrator might.
	putBack func(t *testing.T, d time.Duration)
}

func fileBench(t *testing.T) *bench {
	path := filepath.Join(t.TempDir(), "store")
	f, err := OpenFile(path)
	must(t, err)
	b := &bench{one: f, two: f}
	b.reopen = func(t *testing.T) Store {
		t.Helper()
		must(t, f.Close())
		f, err = OpenFile(path)
		must(t, err)
		return f
	}
	b.pass = func(_ *testing.T, d time.Duration) {
		f.write.Lock()
		defer f.write.Unlock()
		for name, l := range f.leases {
			l.Until = l.Until.Add(-d)
			f.leases[name] = l
		}
	}
	// Monotonic readings cannot be put back.
	b.putBack = func(*testing.T, time.Duration) {}
	t.Cleanup(func() { must(t, f.Close()) })
	return b
}

// remoteBench asks a process that has the file open, which is this one.
func remoteBench(t *testing.T) *bench {
	dir, err := os.MkdirTemp("", "store") //nolint:usetesting // the names of tests are too long for a socket
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	path := filepath.Join(dir, "store")
	f, stop := serveFile(t, path)
	b := &bench{}
	dial := func() Store {
		r, err := Dial(t.Context(), path)
		must(t, err)
		return r
	}
	b.one, b.two = dial(), dial()
	b.reopen = func(t *testing.T) Store {
		t.Helper()
		stop()
		f, stop = serveFile(t, path)
		return dial()
	}
	b.pass = func(_ *testing.T, d time.Duration) {
		f.write.Lock()
		defer f.write.Unlock()
		for name, l := range f.leases {
			l.Until = l.Until.Add(-d)
			f.leases[name] = l
		}
	}
	b.putBack = func(*testing.T, time.Duration) {}
	t.Cleanup(func() { stop() })
	return b
}

// serveFile opens a store and answers for it until stop is called.
func serveFile(t *testing.T, path string) (f *File, stop func()) {
	t.Helper()
	f, err := OpenFile(path)
	must(t, err)
	listener, err := Listen(t.Context(), path)
	must(t, err)
	served := make(chan error, 1)
	go func() { served <- Serve(context.Background(), listener, f) }()
	return f, func() {
		must(t, listener.Close())
		must(t, <-served)
		must(t, f.Close())
	}
}

func postgresBench(t *testing.T) *bench { t.Helper(); return databaseBench(t, pgx.ReadCommitted) }

// serializableBench stands in for the databases that abort a transaction
// rather than let it wait.
func serializableBench(t *testing.T) *bench { t.Helper(); return databaseBench(t, pgx.Serializable) }

func databaseBench(t *testing.T, isolation pgx.TxIsoLevel) *bench {
	t.Helper()
	url := needServer(t).fresh(t)
	open := func(t *testing.T) *Postgres {
		t.Helper()
		p, err := OpenPostgres(t.Context(), url)
		must(t, err)
		p.isolation = isolation
		t.Cleanup(func() { must(t, p.Close()) })
		return p
	}
	b := &bench{one: open(t), two: open(t)}
	b.reopen = func(t *testing.T) Store { t.Helper(); return open(t) }
	b.pass = func(t *testing.T, d time.Duration) {
		t.Helper()
		_, err := b.one.(*Postgres).pool.Exec(t.Context(),
			`UPDATE lockstep_lease SET until = until - $1::BIGINT * INTERVAL '1 microsecond'`, d.Microseconds())
		must(t, err)
	}
	b.putBack = func(t *testing.T, d time.Duration) { t.Helper(); b.pass(t, -d) }
	return b
}

// TestStore holds both stores to the same promises.
func TestStore(t *testing.T) {
	kinds := map[string]func(*testing.T) *bench{"file": fileBench, "remote": remoteBench, "postgres": postgresBench, "serializable": serializableBench}
	promises := map[string]func(*testing.T, *bench){
		"what is set is remembered":           testRemember,
		"a batch is all or nothing":           testWhole,
		"compare and set":                     testCompare,
		"versions never come back":            testVersions,
		"a prefix of memory":                  testPrefix,
		"long reads come in order":            testPages,
		"the journal is asked":                testQueries,
		"the journal of a clock that jumps":   testJumps,
		"erase by time and by agent":          testErase,
		"tenants do not meet":                 testTenants,
		"one holder of a lease":               testHolder,
		"a lease is waited out":               testWaitedOut,
		"a fenced owner writes nothing":       testFenced,
		"a released lease fences":             testReleased,
		"renewing a lease that ran out":       testRenewLate,
		"a clock put back frees the lease":    testPutBack,
		"epochs grow over a restart":          testEpochs,
		"owners that race":                    testRace,
		"writers that race":                   testWriters,
		"everything is there after a restart": testRestart,
		"bad arguments":                       testBad,
		"a context that has ended":            testContext,
		"after close":                         testClosed,
	}
	for kind, open := range kinds {
		t.Run(kind, func(t *testing.T) {
			for promise, test := range promises {
				t.Run(promise, func(t *testing.T) {
					t.Parallel()
					test(t, open(t))
				})
			}
		})
	}
}

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func commit1(t *testing.T, s Store, b Batch) int64 {
	t.Helper()
	if b.Tenant == "" {
		b.Tenant = "acme"
	}
	version, err := s.Commit(t.Context(), b)
	must(t, err)
	return version
}

func collect[T any](t testing.TB, rows iter.Seq2[T, error]) []T {
	t.Helper()
	var all []T
	for row, err := range rows {
		must(t, err)
		all = append(all, row)
	}
	return all
}

func memory(t testing.TB, s Store, prefix string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, item := range collect(t, s.Memory(context.Background(), "acme", prefix)) {
		all[item.Key] = string(item.Value)
	}
	return all
}

func journal(t testing.TB, s Store, q Query) []string {
	t.Helper()
	if q.Tenant == "" {
		q.Tenant = "acme"
	}
	var all []string
	for _, e := range collect(t, s.Journal(context.Background(), q)) {
		all = append(all, string(e.Data))
	}
	return all
}

func same(t testing.TB, why string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", why, diff)
	}
}

func wantErr(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

func set(pairs ...string) []Set {
	var sets []Set
	for i := 0; i < len(pairs); i += 2 {
		sets = append(sets, Set{Key: pairs[i], Value: []byte(pairs[i+1]), Was: Any})
	}
	return sets
}

func line(agent, data string, at time.Time) Entry {
	return Entry{At: at, Agent: agent, Data: []byte(data)}
}

func testRemember(t *testing.T, b *bench) {
	empty, err := b.one.Recall(t.Context(), "acme", "base/ana")
	must(t, err)
	same(t, "nothing is there at first", Item{Key: "base/ana"}, empty)

	version := commit1(t, b.one, Batch{Set: []Set{{Key: "base/ana", Value: []byte("x"), Was: Any}, {Key: "base/bo", Value: []byte{}, Was: Any}}})
	got, err := b.two.Recall(t.Context(), "acme", "base/ana")
	must(t, err)
	same(t, "the other replica sees it", Item{"base/ana", []byte("x"), version}, got)
	got, err = b.two.Recall(t.Context(), "acme", "base/bo")
	must(t, err)
	same(t, "an empty value is not an absent one", Item{"base/bo", []byte{}, version}, got)

	commit1(t, b.one, Batch{Set: []Set{{Key: "base/ana", Was: Any}, {Key: "never", Was: Any}}})
	same(t, "nil forgets, and forgetting twice is fine", map[string]string{"base/bo": ""}, memory(t, b.two, ""))
}

func testWhole(t *testing.T, b *bench) {
	commit1(t, b.one, Batch{Set: set("a", "1"), Append: []Entry{line("", "first", noon)}})
	_, err := b.one.Commit(t.Context(), Batch{
		Tenant: "acme",
		Set:    []Set{{Key: "a", Value: []byte("2"), Was: Any}, {Key: "b", Value: []byte("2"), Was: 77}},
		Append: []Entry{line("", "second", noon)},
	})
	wantErr(t, err, ErrConflict)
	same(t, "a conflict in one value leaves the others", map[string]string{"a": "1"}, memory(t, b.two, ""))
	same(t, "and the journal", []string{"first"}, journal(t, b.two, Query{}))
}

func testCompare(t *testing.T, b *bench) {
	v1 := commit1(t, b.one, Batch{Set: []Set{{Key: "doc", Value: []byte("1")}}})
	_, err := b.two.Commit(t.Context(), Batch{Tenant: "acme", Set: []Set{{Key: "doc", Value: []byte("mine")}}})
	wantErr(t, err, ErrConflict) // two who saw nothing there: one wins
	v2 := commit1(t, b.two, Batch{Set: []Set{{Key: "doc", Value: []byte("2"), Was: v1}}})
	_, err = b.one.Commit(t.Context(), Batch{Tenant: "acme", Set: []Set{{Key: "doc", Was: v1}}})
	wantErr(t, err, ErrConflict) // forgetting compares as well
	commit1(t, b.one, Batch{Set: []Set{{Key: "doc", Was: v2}, {Key: "never"}}})
	same(t, "forgotten", map[string]string(map[string]string{}), memory(t, b.one, ""))
}

func testVersions(t *testing.T, b *bench) {
	v1 := commit1(t, b.one, Batch{Set: set("doc", "1")})
	commit1(t, b.one, Batch{Set: []Set{{Key: "doc", Was: Any}}})
	commit1(t, b.one, Batch{Set: set("doc", "1")})
	_, err := b.two.Commit(t.Context(), Batch{Tenant: "acme", Set: []Set{{Key: "doc", Value: []byte("2"), Was: v1}}})
	wantErr(t, err, ErrConflict) // the same bytes, but not the value that was seen
}

func testPrefix(t *testing.T, b *bench) {
	commit1(t, b.one, Batch{Set: set("a/1", "", "a/2", "", "a\xff", "", "a\xff\xff", "", "b", "", "A", "", "ä", "", "a", "")})
	keys := func(prefix string) (keys []string) {
		for _, item := range collect(t, b.two.Memory(t.Context(), "acme", prefix)) {
			keys = append(keys, item.Key)
		}
		return keys
	}
	same(t, "all, by bytes and not by the language", []string{"A", "a", "a/1", "a/2", "a\xff", "a\xff\xff", "b", "ä"}, keys(""))
	same(t, "one branch", []string{"a/1", "a/2"}, keys("a/"))
	same(t, "a prefix that has no successor of its length", []string{"a\xff", "a\xff\xff"}, keys("a\xff"))
	same(t, "nothing", []string(nil), keys("c"))
}

func testPages(t *testing.T, b *bench) {
	const n = 2*pageSize + 1
	var batch Batch
	var want []string
	for i := range n {
		name := fmt.Sprintf("%06d", i)
		batch.Set = append(batch.Set, Set{Key: name, Value: []byte(name), Was: Any})
		batch.Append = append(batch.Append, line("ana", name, noon.Add(time.Duration(i)*time.Second)))
		want = append(want, name)
	}
	commit1(t, b.one, batch)
	same(t, "all of memory", n, len(memory(t, b.two, "")))
	same(t, "all of the journal", want, journal(t, b.two, Query{}))
	same(t, "all of an agent's", want, journal(t, b.two, Query{Agent: "ana"}))
	same(t, "all of a time", want[1:n-1], journal(t, b.two, Query{From: noon.Add(time.Second), To: noon.Add((n - 1) * time.Second)}))
	same(t, "more than a page from the end", want[n-pageSize-5:], journal(t, b.two, Query{Last: pageSize + 5}))
	for range b.two.Journal(t.Context(), Query{Tenant: "acme"}) {
		break // a reader may leave
	}
	erased, err := b.one.Erase(t.Context(), Query{Tenant: "acme", To: noon.Add((n - 1) * time.Second)})
	must(t, err)
	same(t, "more than a page erased", n-1, erased)
	same(t, "the rest", want[n-1:], journal(t, b.two, Query{From: noon}))
}

func testQueries(t *testing.T, b *bench) {
	at := func(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }
	first := commit1(t, b.one, Batch{Append: []Entry{line("ana", "1", at(0)), line("bo", "2", at(10)), line("", "3", at(70))}})
	commit1(t, b.one, Batch{Append: []Entry{line("ana", "4", at(70)), line("anabel", "5", at(200)), {At: at(300), Agent: "ana"}}})
	tests := []struct {
		why  string
		q    Query
		want []string
	}{
		{"everything, as committed", Query{}, []string{"1", "2", "3", "4", "5", ""}},
		{"one agent, not one whose name is longer", Query{Agent: "ana"}, []string{"1", "4", ""}},
		{"nobody of that name", Query{Agent: "an"}, nil},
		{"from is included", Query{From: at(70)}, []string{"3", "4", "5", ""}},
		{"to is not", Query{To: at(70)}, []string{"1", "2"}},
		{"a moment between two microseconds", Query{From: at(70).Add(1)}, []string{"5", ""}},
		{"a span", Query{From: at(10), To: at(71)}, []string{"2", "3", "4"}},
		{"a span of an agent", Query{Agent: "ana", From: at(10), To: at(71)}, []string{"4"}},
		{"a span before everything", Query{To: at(-1000)}, nil},
		{"a span after everything", Query{From: at(1000)}, nil},
		{"a span without end", Query{From: time.Date(1500, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)}, []string{"1", "2", "3", "4", "5", ""}},
		{"what came after", Query{After: first}, []string{"4", "5", ""}},
		{"the tail", Query{Last: 2}, []string{"5", ""}},
		{"the tail of an agent", Query{Agent: "ana", Last: 2}, []string{"4", ""}},
		{"the tail of the last agent by name", Query{Agent: "bo", Last: 2}, []string{"2"}},
		{"the tail of a span", Query{Last: 2, To: at(71)}, []string{"3", "4"}},
		{"a tail longer than the journal", Query{Last: 100, After: first}, []string{"4", "5", ""}},
	}
	for _, test := range tests {
		same(t, test.why, test.want, journal(t, b.two, test.q))
	}
	got := collect(t, b.two.Journal(t.Context(), Query{Tenant: "acme", Agent: "bo"}))
	want := []Entry{{Seq: got[0].Seq, At: at(10), Agent: "bo", Data: []byte("2")}}
	same(t, "an entry comes back whole", want, got)
	_, none := b.two.Recall(t.Context(), "other", "x")
	must(t, none)
	same(t, "a tenant nobody wrote to", []string(nil), journal(t, b.two, Query{Tenant: "other"}))
}

func testJumps(t *testing.T, b *bench) {
	for i, at := range []time.Time{noon, noon.Add(48 * time.Hour), noon.Add(time.Second), noon.Add(-24 * time.Hour), noon.Add(2 * time.Second)} {
		commit1(t, b.one, Batch{Append: []Entry{line("ana", fmt.Sprint(i), at)}})
	}
	same(t, "order is that of the commits", []string{"0", "1", "2", "3", "4"}, journal(t, b.two, Query{}))
	same(t, "a span is exact all the same", []string{"0", "2", "4"}, journal(t, b.two, Query{From: noon, To: noon.Add(time.Hour)}))
}

func testErase(t *testing.T, b *bench) {
	for i := range 10 {
		commit1(t, b.one, Batch{Append: []Entry{
			line("ana", fmt.Sprint("a", i), noon.Add(time.Duration(i)*time.Minute)),
			line("bo", fmt.Sprint("b", i), noon.Add(time.Duration(i)*time.Minute)),
		}})
	}
	n, err := b.one.Erase(t.Context(), Query{Tenant: "acme", To: noon.Add(8*time.Minute + time.Second)})
	must(t, err)
	same(t, "retention erases what is old", 18, n)
	same(t, "and keeps the rest", []string{"a9", "b9"}, journal(t, b.two, Query{From: noon}))
	n, err = b.one.Erase(t.Context(), Query{Tenant: "acme", Agent: "ana"})
	must(t, err)
	same(t, "a person is forgotten", 1, n)
	same(t, "and only that one", []string{"b9"}, journal(t, b.two, Query{}))
	n, err = b.one.Erase(t.Context(), Query{Tenant: "acme", Agent: "ana"})
	must(t, err)
	same(t, "again", 0, n)
	commit1(t, b.one, Batch{Append: []Entry{line("bo", "late", noon.Add(8*time.Minute))}})
	same(t, "a minute that was erased takes entries again", []string{"b9", "late"}, journal(t, b.two, Query{From: noon}))
}

func testTenants(t *testing.T, b *bench) {
	commit1(t, b.one, Batch{Tenant: "one", Set: set("k", "1"), Append: []Entry{line("ana", "1", noon)}})
	commit1(t, b.one, Batch{Tenant: "on", Set: set("k", "2"), Append: []Entry{line("ana", "2", noon)}})
	same(t, "journals", []string{"1"}, journal(t, b.two, Query{Tenant: "one", Agent: "ana"}))
	n, err := b.one.Erase(t.Context(), Query{Tenant: "one"})
	must(t, err)
	same(t, "erased in one", 1, n)
	same(t, "there in the other", []string{"2"}, journal(t, b.two, Query{Tenant: "on"}))
	item, err := b.two.Recall(t.Context(), "on", "k")
	must(t, err)
	same(t, "memory", "2", string(item.Value))
}

const ttl = 10 * time.Second

func acquire(t *testing.T, s Store, name, owner string) Lease {
	t.Helper()
	l, err := s.Acquire(t.Context(), name, owner, ttl)
	must(t, err)
	return l
}

func testHolder(t *testing.T, b *bench) {
	before := time.Now()
	l := acquire(t, b.one, "acme", "replica-1")
	if l.Until.After(time.Now().Add(ttl)) || l.Until.Before(before.Add(ttl).Add(-time.Microsecond)) {
		t.Errorf("the lease lasts until %s, asked for %s at %s", l.Until, ttl, before)
	}
	for _, owner := range []string{"replica-2", "replica-1"} {
		held, err := b.two.Acquire(t.Context(), "acme", owner, ttl)
		wantErr(t, err, ErrHeld)
		same(t, "who holds it, even under one name", []any{"replica-1", l.Epoch}, []any{held.Owner, held.Epoch})
	}
	acquire(t, b.two, "globex", "replica-2")
	leases, err := b.one.Leases(t.Context())
	must(t, err)
	var names []string
	for _, l := range leases {
		names = append(names, l.Name+" "+l.Owner)
		if left := time.Until(l.Until); left <= 0 || left > ttl+time.Second {
			t.Errorf("%s is listed with %s left", l.Name, left)
		}
	}
	same(t, "leases spread over replicas are listed", []string{"acme replica-1", "globex replica-2"}, names)
}

func testWaitedOut(t *testing.T, b *bench) {
	l := acquire(t, b.one, "acme", "replica-1")
	b.pass(t, ttl-time.Second)
	_, err := b.two.Acquire(t.Context(), "acme", "replica-2", ttl)
	wantErr(t, err, ErrHeld)
	l, err = b.one.Renew(t.Context(), l, ttl)
	must(t, err)
	b.pass(t, ttl-time.Second)
	held, err := b.two.Acquire(t.Context(), "acme", "replica-2", ttl)
	wantErr(t, err, ErrHeld)
	if left := time.Until(held.Until); left > time.Second {
		t.Errorf("told to wait for %s, which is longer than the lease lasts", left)
	}
	b.pass(t, time.Second)
	leases, err := b.two.Leases(t.Context())
	must(t, err)
	same(t, "a lease that ran out is not listed", 0, len(leases))
	next := acquire(t, b.two, "acme", "replica-2")
	if next.Epoch <= l.Epoch {
		t.Errorf("epoch %d after %d", next.Epoch, l.Epoch)
	}
	_, err = b.one.Renew(t.Context(), l, ttl)
	wantErr(t, err, ErrFenced)
	must(t, b.one.Release(t.Context(), l)) // the old owner's goodbye is not the new one's
	_, err = b.one.Acquire(t.Context(), "acme", "replica-1", ttl)
	wantErr(t, err, ErrHeld)
}

func testFenced(t *testing.T, b *bench) {
	old := acquire(t, b.one, "acme", "replica-1")
	commit1(t, b.one, Batch{Fence: old.Fence(), Set: set("base", "1"), Append: []Entry{line("", "1", noon)}})
	b.pass(t, 2*ttl) // replica-1 sleeps
	commit1(t, b.one, Batch{Fence: old.Fence(), Set: set("base", "2"), Append: []Entry{line("", "2", noon)}})
	next := acquire(t, b.two, "acme", "replica-2")
	for _, batch := range []Batch{
		{Set: set("base", "stale"), Append: []Entry{line("", "stale", noon)}},
		{Append: []Entry{line("", "stale", noon)}},
		{}, // to ask before a vendor call
	} {
		batch.Tenant, batch.Fence = "acme", old.Fence()
		_, err := b.one.Commit(t.Context(), batch)
		wantErr(t, err, ErrFenced)
	}
	commit1(t, b.two, Batch{Fence: next.Fence()})
	same(t, "nothing of it is there", map[string]string{"base": "2"}, memory(t, b.two, ""))
	same(t, "nor in the journal", []string{"1", "2"}, journal(t, b.two, Query{}))
	_, err := b.one.Commit(t.Context(), Batch{Tenant: "acme", Fence: Fence{Lease: "unheard of", Epoch: 1}})
	wantErr(t, err, ErrFenced)
}

func testReleased(t *testing.T, b *bench) {
	l := acquire(t, b.one, "acme", "replica-1")
	must(t, b.one.Release(t.Context(), l))
	must(t, b.one.Release(t.Context(), l))
	_, err := b.one.Commit(t.Context(), Batch{Tenant: "acme", Fence: l.Fence()})
	wantErr(t, err, ErrFenced)
	_, err = b.one.Renew(t.Context(), l, ttl)
	wantErr(t, err, ErrFenced)
	acquire(t, b.two, "acme", "replica-2") // at once
}

func testRenewLate(t *testing.T, b *bench) {
	l := acquire(t, b.one, "acme", "replica-1")
	b.pass(t, 2*ttl)
	late, err := b.one.Renew(t.Context(), l, ttl)
	must(t, err)
	same(t, "nobody came between, so it is the same term", l.Epoch, late.Epoch)
	_, err = b.two.Acquire(t.Context(), "acme", "replica-2", ttl)
	wantErr(t, err, ErrHeld)
}

func testPutBack(t *testing.T, b *bench) {
	acquire(t, b.one, "acme", "replica-1")
	b.putBack(t, time.Hour)
	held, err := b.two.Acquire(t.Context(), "acme", "replica-2", ttl)
	wantErr(t, err, ErrHeld)
	if left := time.Until(held.Until); left > ttl {
		t.Errorf("told to wait for %s", left)
	}
	b.pass(t, ttl)
	acquire(t, b.two, "acme", "replica-2")
}

func testEpochs(t *testing.T, b *bench) {
	born := time.Now().Add(-time.Minute).Unix() // the database's clock is its own
	was := acquire(t, b.one, "acme", "replica-1")
	if was.Epoch < born || was.Epoch >= 1<<53 {
		t.Errorf("a new store begins at epoch %d, want the seconds since 1970: consoles remember those of the store before", was.Epoch)
	}
	must(t, b.one.Release(t.Context(), was))
	other := acquire(t, b.one, "globex", "replica-1")
	s := b.reopen(t)
	b.pass(t, 2*ttl)
	next := acquire(t, s, "acme", "replica-3")
	if other.Epoch <= was.Epoch || next.Epoch <= other.Epoch {
		t.Errorf("epochs %d, %d, %d do not grow", was.Epoch, other.Epoch, next.Epoch)
	}
	_, err := s.Commit(t.Context(), Batch{Tenant: "acme", Fence: was.Fence()})
	wantErr(t, err, ErrFenced)
}

func testRace(t *testing.T, b *bench) {
	var all sync.WaitGroup
	won := make(chan Lease, 16)
	for i := range cap(won) {
		all.Go(func() {
			s := []Store{b.one, b.two}[i%2]
			l, err := s.Acquire(t.Context(), "acme", fmt.Sprint("replica-", i), ttl)
			if err == nil {
				won <- l
			} else if !errors.Is(err, ErrHeld) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	same(t, "one of them has it", 1, len(won))
}

// testWriters has two owners write at once while one takes over from the
// other: what is there in the end is a run of the first one's, then a run of
// the second one's.
func testWriters(t *testing.T, b *bench) {
	old := acquire(t, b.one, "acme", "1")
	write := func(s Store, l Lease, n int) error {
		for range n {
			_, err := s.Commit(t.Context(), Batch{
				Tenant: "acme", Fence: l.Fence(), Set: set("owner", l.Owner), Append: []Entry{line("", l.Owner, noon)},
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := write(b.one, old, math.MaxInt); !errors.Is(err, ErrFenced) { // until it is fenced, however fast the store is
				t.Errorf("the old owner was not fenced: %v", err)
			}
		})
	}
	must(t, write(b.two, old, 10))
	b.pass(t, ttl)
	next := acquire(t, b.two, "acme", "2")
	must(t, write(b.two, next, 10))
	all.Wait()
	same(t, "memory is the successor's", map[string]string{"owner": "2"}, memory(t, b.one, ""))
	order := journal(t, b.one, Query{})
	for i := 1; i < len(order); i++ {
		if order[i-1] == "2" && order[i] == "1" {
			t.Fatalf("the old owner wrote after the new one")
		}
	}
	same(t, "the successor's writes are all there", "2", order[len(order)-10])
}

func testRestart(t *testing.T, b *bench) {
	version := commit1(t, b.one, Batch{Set: set("a", "1"), Append: []Entry{line("ana", "1", noon)}})
	s := b.reopen(t)
	item, err := s.Recall(t.Context(), "acme", "a")
	must(t, err)
	same(t, "memory", Item{"a", []byte("1"), version}, item)
	same(t, "journal", []string{"1"}, journal(t, s, Query{Agent: "ana"}))
	if next := commit1(t, s, Batch{}); next <= version {
		t.Errorf("version %d after %d", next, version)
	}
}

func testBad(t *testing.T, b *bench) {
	batches := map[string]Batch{
		"no tenant":                {},
		"a tenant that is no text": {Tenant: "a\xff"},
		"a key twice":              {Tenant: "acme", Set: set("k", "1", "k", "2")},
		"an empty key":             {Tenant: "acme", Set: set("", "1")},
		"an agent with a zero":     {Tenant: "acme", Append: []Entry{line("a\x00b", "", noon)}},
		"no time":                  {Tenant: "acme", Append: []Entry{line("ana", "", time.Time{})}},
	}
	for why, batch := range batches {
		if _, err := b.one.Commit(t.Context(), batch); err == nil {
			t.Errorf("%s: committed", why)
		}
	}
	if _, err := b.one.Acquire(t.Context(), "acme", "", ttl); err == nil {
		t.Error("a lease without an owner")
	}
	if _, err := b.one.Acquire(t.Context(), "acme", "me", 0); err == nil {
		t.Error("a lease for no time")
	}
	if _, err := b.one.Erase(t.Context(), Query{Tenant: "acme", Last: 1}); err == nil {
		t.Error("erased by number")
	}
	for _, err := range b.one.Journal(t.Context(), Query{}) {
		if err == nil {
			t.Error("a journal of no tenant")
		}
	}
	for _, err := range b.one.Memory(t.Context(), "", "") {
		if err == nil {
			t.Error("the memory of no tenant")
		}
	}
	if _, err := b.one.Recall(t.Context(), "a\x00", "k"); err == nil {
		t.Error("a value of a tenant that is no text")
	}
}

func testContext(t *testing.T, b *bench) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := b.one.Commit(ended, Batch{Tenant: "acme", Set: set("k", "1")})
	wantErr(t, err, context.Canceled)
	_, err = b.one.Acquire(ended, "acme", "me", ttl)
	wantErr(t, err, context.Canceled)
	for _, err := range b.one.Memory(ended, "acme", "") {
		wantErr(t, err, context.Canceled)
	}
	same(t, "nothing was written", map[string]string{}, memory(t, b.one, ""))
}

func testClosed(t *testing.T, b *bench) {
	s := b.reopen(t)
	must(t, s.Close())
	if _, err := s.Commit(t.Context(), Batch{Tenant: "acme"}); err == nil {
		t.Error("committed to a store that is closed")
	}
	if _, err := s.Recall(t.Context(), "acme", "k"); err == nil {
		t.Error("read from a store that is closed")
	}
	if _, err := s.Acquire(t.Context(), "acme", "me", ttl); err == nil {
		t.Error("a lease of a store that is closed")
	}
}
