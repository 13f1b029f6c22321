//go:build linux

package store

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// TestIndex compares what queries find in a journal of several leaves with what
// is there, while entries come and go.
func TestIndex(t *testing.T) {
	f, err := OpenFile(filepath.Join(t.TempDir(), "store"))
	must(t, err)
	t.Cleanup(func() { must(t, f.Close()) })
	random := rand.New(rand.NewPCG(1, 2))
	begin := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
	agent := func() string { return [...]string{"ana", "anabel", "bo", "cy", ""}[random.IntN(5)] }
	var is []Entry
	check := func(why string) {
		t.Helper()
		for _, name := range []string{"ana", "anabel", "bo", "cy", "nobody"} {
			q := Query{Agent: name, After: int64(random.IntN(3 * leafLength)), Last: random.IntN(2) * 70}
			if random.IntN(2) == 0 {
				q.From, q.To = begin.Add(time.Minute), begin.Add(time.Duration(random.IntN(200))*time.Minute)
			}
			same(t, fmt.Sprintf("%s: %+v", why, q), found(is, q), journal(t, f, q))
		}
	}
	erase := func(q Query) {
		t.Helper()
		q.Tenant = "acme"
		n, err := f.Erase(t.Context(), q)
		must(t, err)
		before := len(is)
		is = slices.DeleteFunc(is, func(e Entry) bool { return q.means(&e) })
		same(t, "erased", before-len(is), n)
	}
	for round := range 60 {
		var batch []Entry
		for i := range random.IntN(700) {
			batch = append(batch, line(agent(), fmt.Sprint(round, ".", i), begin.Add(time.Duration(round*3)*time.Minute)))
		}
		version := commit1(t, f, Batch{Append: batch})
		for i := range batch {
			batch[i].Seq = version - int64(len(batch)) + int64(i)
		}
		is = append(is, batch...)
		check("after a commit")
		switch round {
		case 25:
			erase(Query{Agent: "bo"})
			check("bo is forgotten")
			for _, l := range leaves(t, f) {
				same(t, "of bo no trace is left", 0, len(l.of("bo")))
			}
		case 40:
			erase(Query{To: begin.Add(90 * time.Minute)})
			check("the older half is erased")
		}
	}
	erase(Query{To: begin.Add(time.Hour * 24)})
	same(t, "leaves of an empty journal", 0, len(leaves(t, f)))
}

// means is what a query asks for, without an index.
func (q *Query) means(e *Entry) bool {
	return (q.Agent == "" || q.Agent == e.Agent) && e.Seq > q.After &&
		(q.From.IsZero() || !e.At.Before(q.From)) && (q.To.IsZero() || e.At.Before(q.To))
}

func found(list []Entry, q Query) []string {
	var data []string
	for _, e := range list {
		if q.means(&e) {
			data = append(data, string(e.Data))
		}
	}
	if q.Last > 0 {
		data = data[max(0, len(data)-q.Last):]
	}
	return data
}

func leaves(t *testing.T, f *File) (list []leaf) {
	t.Helper()
	must(t, f.db.View(func(tx *bolt.Tx) error {
		return tenantOf(tx, "acme").leaves.ForEach(func(key, sealed []byte) error {
			l, err := decodeLeaf(key, sealed)
			list = append(list, l)
			return err
		})
	}))
	return list
}
