package presence

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"
	"unsafe"

	"github.com/lockstep-sync/lockstep/schema"
)

// FuzzState: whatever bytes a store gives back, they are a state with exactly
// that encoding, or an error; nothing panics, and Step can go on from it.
func FuzzState(f *testing.F) {
	a := newActor(f, nil, nil)
	for _, line := range append(start, "10 cxone Lunch", "11 cxone Coffee", "12 salesforce Mails", "13 cxone InboundContact", "14 salesforce On_Break", "15 stop now") {
		a.play(line)
		f.Add(encode(f, a.s))
	}
	f.Add([]byte{stateVersion})
	f.Fuzz(func(t *testing.T, b []byte) {
		var s State
		if s.UnmarshalBinary(b) != nil {
			return
		}
		if again := encode(t, s); !bytes.Equal(again, b) {
			t.Fatalf("%x becomes %x", b, again)
		}
		set := DefaultSettings()
		in := Input{Now: second(1), Epoch: s.epoch, Rule: a.rule, Event: Observation{Side: CXone, State: acd("Lunch")}}
		s, _ = Step(&set, s, in)
		_ = decode(t, encode(t, s))
	})
}

func TestStateErrors(t *testing.T) {
	whole := encode(t, newActor(t, nil, nil).s)
	for name, b := range map[string][]byte{
		"nothing":          nil,
		"cut off":          whole[:len(whole)-1],
		"something behind": append(bytes.Clone(whole), 0),
		"a newer version":  append([]byte{stateVersion + 1}, whole[1:]...),
		"too long":         make([]byte, maxState+1),
	} {
		var s State
		err := s.UnmarshalBinary(b)
		if err == nil {
			t.Errorf("%s is read as a state", name)
		}
		if newer := name == "a newer version"; errors.Is(err, ErrVersion) != newer {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// idleAgent is an agent in the middle of an ordinary day.
func idleAgent(tb testing.TB) *actor {
	a := newActor(tb, nil, nil)
	a.play(append(start, "10 cxone Lunch", "11 salesforce On_Break", "20 salesforce Chats", "21 cxone Available")...)
	return a
}

// TestIdleAgentIsSmall: at most 1 KiB in memory and far less in a store.
func TestIdleAgentIsSmall(t *testing.T) {
	s := idleAgent(t).s
	if size := int(unsafe.Sizeof(s)) + len(encode(t, s)); s.pending != [2]*pending{} || size > 1024 {
		t.Errorf("an idle agent takes %d bytes, with what it points to", size)
	}
}

// BenchmarkStep measures one change of an agent: the news, the decision and the
// write, the answer, and the echo.
func BenchmarkStep(b *testing.B) {
	a := idleAgent(b)
	set, rule := DefaultSettings(), a.rule
	set.WritesPerMinute = 1000
	s, at := a.s, noon.Add(time.Hour)
	steps := 0
	step := func(e Event) {
		at = at.Add(time.Second)
		s, _ = Step(&set, s, Input{Now: at, Epoch: 1, Rule: rule, Event: e})
		steps++
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, to := range []pair{{acd("Lunch"), "On_Break"}, {acd("Available"), "Chats"}} {
			step(Observation{Side: CXone, State: to.state, Since: at})
			step(Answer{Command: s.seq, Result: Accepted})
			step(Observation{Side: Salesforce, Status: to.status, Since: at})
		}
	}
	if state, _, _ := s.Base(); state != (schema.ACDState{Word: schema.StateAvailable}) {
		b.Fatal("the changes did not come through")
	}
	b.ReportMetric(float64(steps)/b.Elapsed().Seconds(), "steps/s")
	b.ReportMetric(float64(unsafe.Sizeof(s)), "B/agent")
	b.ReportMetric(float64(len(encode(b, s))), "B/stored")
}

// BenchmarkDecision measures the one step in which a side moves and a command
// goes out.
func BenchmarkDecision(b *testing.B) {
	a := idleAgent(b)
	in := Input{Now: second(100), Epoch: 1, Rule: a.rule, Event: Observation{Side: CXone, State: acd("Lunch"), Since: second(99)}}
	b.ReportAllocs()
	for b.Loop() {
		if s, _ := Step(&a.set, a.s, in); s.pending[Salesforce] == nil {
			b.Fatal("nothing is decided")
		}
	}
}

// BenchmarkNothingNew is what a sweep of many agents costs.
func BenchmarkNothingNew(b *testing.B) {
	a := idleAgent(b)
	in := Input{Now: second(100), Epoch: 1, Rule: a.rule, Event: Observation{Side: CXone, State: acd("Available"), Since: second(21), Whole: true}}
	b.ReportAllocs()
	for b.Loop() {
		if _, effects := Step(&a.set, a.s, in); len(effects) > 0 {
			b.Fatal(fmt.Sprint(effects))
		}
	}
}
