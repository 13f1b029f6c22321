package salesforce_test

import (
	"container/heap"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/dop251/goja"
	"github.com/google/go-cmp/cmp"
)

// The bridge's component runs in browsers that nobody here sees. Its real
// source is held to the scripts of testdata/bridge three times: here by goja,
// in Chromium, and, by the emulator's desks, in the Go that plays it there.

// A bridgeScript is one line of the table.
type bridgeScript struct {
	Name string       `json:"name"`
	Why  string       `json:"why"`
	Want bridgeResult `json:"want"`
}

// A bridgeResult is what became of a script: of every command in every tab,
// in no order; the calls of the toolkit; and what the agent and the component
// then show, with its second line in every tab, in no order.
type bridgeResult struct {
	Outcomes []string `json:"outcomes"`
	Calls    []string `json:"calls"`
	Showing  string   `json:"showing"`
	State    string   `json:"state"`
	Details  []string `json:"details"`
}

func bridgeFile(t *testing.T, parts ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func bridgeSources(t *testing.T) map[string]string {
	return map[string]string{
		"markup":     bridgeFile(t, "bridge", "Component.cmp"),
		"controller": bridgeFile(t, "bridge", "Controller.js"),
		"helper":     bridgeFile(t, "bridge", "Helper.js"),
	}
}

func checkBridge(t *testing.T, results map[string]bridgeResult) {
	t.Helper()
	var scripts []bridgeScript
	if err := json.Unmarshal([]byte(bridgeFile(t, "testdata", "bridge", "scripts.json")), &scripts); err != nil {
		t.Fatal(err)
	}
	for _, s := range scripts {
		t.Run(s.Name, func(t *testing.T) {
			if diff := cmp.Diff(s.Want, results[s.Name]); diff != "" {
				t.Errorf("%s: -want +got:\n%s", s.Why, diff)
			}
		})
	}
}

// The component's source, run by goja on a clock that jumps from timer to
// timer.
func TestBridgeInGoja(t *testing.T) {
	vm := goja.New()
	var loop eventLoop
	loop.now = time.UnixMilli(1_790_000_000_000)
	vm.SetTimeSource(func() time.Time { return loop.now })
	vm.SetRandSource(func() float64 { loop.random += 0.0137; return loop.random - float64(int(loop.random)) })
	if err := vm.Set("setTimeout", loop.setTimeout); err != nil {
		t.Fatal(err)
	}
	if _, err := vm.RunScript("console.js", bridgeFile(t, "testdata", "bridge", "console.js")); err != nil {
		t.Fatal(err)
	}
	if err := vm.Set("sources", bridgeSources(t)); err != nil {
		t.Fatal(err)
	}
	value, err := vm.RunString(`runScripts(` + bridgeFile(t, "testdata", "bridge", "scripts.json") + `, sources).then(JSON.stringify)`)
	if err != nil {
		t.Fatal(err)
	}
	for loop.step() {
	}
	promise := value.Export().(*goja.Promise)
	if promise.State() != goja.PromiseStateFulfilled {
		t.Fatalf("the scripts did not end: %v", promise.Result())
	}
	var results map[string]bridgeResult
	if err := json.Unmarshal([]byte(promise.Result().String()), &results); err != nil {
		t.Fatal(err)
	}
	checkBridge(t, results)
}

// An eventLoop is a browser's timers without the waiting.
type eventLoop struct {
	now    time.Time
	timers timers
	serial int
	random float64
}

type timer struct {
	at     time.Time
	serial int
	do     func(goja.Value, ...goja.Value) (goja.Value, error)
}

func (l *eventLoop) setTimeout(do goja.Callable, ms int64) int {
	l.serial++
	heap.Push(&l.timers, timer{l.now.Add(time.Duration(ms) * time.Millisecond), l.serial, do})
	return l.serial
}

// step runs the next timer; false when there is none.
func (l *eventLoop) step() bool {
	if len(l.timers) == 0 {
		return false
	}
	next := heap.Pop(&l.timers).(timer)
	l.now = next.at
	_, err := next.do(goja.Undefined())
	return err == nil
}

type timers []timer

func (t timers) Len() int { return len(t) }
func (t timers) Less(i, j int) bool {
	if t[i].at.Equal(t[j].at) {
		return t[i].serial < t[j].serial
	}
	return t[i].at.Before(t[j].at)
}
func (t timers) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t *timers) Push(x any)   { *t = append(*t, x.(timer)) }
func (t *timers) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}
