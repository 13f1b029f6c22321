package cxone

import (
	"container/heap"
	"time"
)

// An alarm is something that the tenant will do by itself at a time. No timer
// runs for it: it rings before the next call after its time is answered, as of
// its own time, so that nobody who asks can tell the difference.
type alarm struct {
	at    time.Time
	ring  func(at time.Time)
	place int // in the heap; -1 when it is not in there
}

// alarms is a heap of them, the earliest first.
type alarms []*alarm

func (a alarms) Len() int           { return len(a) }
func (a alarms) Less(i, j int) bool { return a[i].at.Before(a[j].at) }
func (a alarms) Swap(i, j int) {
	a[i], a[j] = a[j], a[i]
	a[i].place, a[j].place = i, j
}

// Push is heap's; use set.
func (a *alarms) Push(x any) {
	added := x.(*alarm)
	added.place = len(*a)
	*a = append(*a, added)
}

// Pop is heap's; use stop.
func (a *alarms) Pop() any {
	last := (*a)[len(*a)-1]
	(*a)[len(*a)-1] = nil
	*a = (*a)[:len(*a)-1]
	last.place = -1
	return last
}

// set makes an alarm. Whoever sets another for the same purpose stops the one
// before.
func (a *alarms) set(at time.Time, ring func(at time.Time)) *alarm {
	made := &alarm{at: at, ring: ring}
	heap.Push(a, made)
	return made
}

// stop takes an alarm out; nil and one that has rung are fine.
func (a *alarms) stop(set *alarm) {
	if set != nil && set.place >= 0 {
		heap.Remove(a, set.place)
	}
}

// catchUp does what the tenant should have done by now.
func (t *Tenant) catchUp() {
	now := t.store.now()
	for len(t.store.alarms) > 0 && !now.Before(t.store.alarms[0].at) {
		due := heap.Pop(&t.store.alarms).(*alarm)
		due.ring(due.at)
	}
}
