package desk

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/emulator/salesforce"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

// A script is one line of the table that the component's JavaScript is held
// to: testdata/bridge of the Salesforce provider says what its words mean.
type script struct {
	Name      string `json:"name"`
	Why       string `json:"why"`
	Tabs      int    `json:"tabs"`
	Showing   string `json:"showing"`
	Short     bool   `json:"short"`
	Subscribe string `json:"subscribe"`
	Lag       int    `json:"lag"`   // of the browser's storage: here nobody writes at once
	Clock     int    `json:"clock"` // the machine's is ahead by so many milliseconds
	Steps     []step `json:"steps"`
	Want      result `json:"want"`
}

type step struct {
	Push    map[string]any  `json:"push"`
	Without []string        `json:"without"`
	To      []int           `json:"to"`
	Text    *string         `json:"text"`
	Age     int             `json:"age"`     // of the message, in milliseconds
	Undated bool            `json:"undated"` // it does not say when it was made
	Message json.RawMessage `json:"message"`
	Wait    *int            `json:"wait"`
	Show    string          `json:"show"`
	Open    int             `json:"open"`
	Close   *int            `json:"close"`
	Crash   *int            `json:"crash"`
	Refuse  *string         `json:"refuse"`
	Storage string          `json:"storage"`
	Error   *struct {
		Message string `json:"message"`
	} `json:"error"`
	Subscribe *string `json:"subscribe"`
	Clock     *int    `json:"clock"`
}

type result struct {
	Outcomes []string `json:"outcomes"`
	Calls    []string `json:"calls"`
	Showing  string   `json:"showing"`
	State    string   `json:"state"`
	Details  []string `json:"details"`
}

func TestBridgeScripts(t *testing.T) {
	data, err := os.ReadFile("../../salesforce/testdata/bridge/scripts.json")
	if err != nil {
		t.Fatal(err)
	}
	var scripts []script
	decoder := json.NewDecoder(strings.NewReader(string(data)))
	decoder.DisallowUnknownFields() // a word that only JavaScript knows would be skipped here
	if err := decoder.Decode(&scripts); err != nil {
		t.Fatal(err)
	}
	for _, s := range scripts {
		t.Run(s.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if diff := cmp.Diff(s.Want, newStage(t, s).run(s)); diff != "" {
					t.Errorf("%s: -want +got:\n%s", s.Why, diff)
				}
			})
		})
	}
}

const (
	me      = "ana.lopez@acme.example"
	other   = "ben.okafor@acme.example"
	channel = "/u/LockstepPresence"
)

// A stage is one console with a toolkit that can be told to refuse.
type stage struct {
	t       *testing.T
	org     *salesforce.Org
	console *Console
	tabs    []*tab
	ids     map[string]string
	got     result
	refusal string
	short   bool
	clock   time.Duration // the machine's is ahead by so much
	admit   func()        // lets consoles connect
}

func newStage(t *testing.T, s script) *stage {
	org := salesforce.New(staged(), salesforce.Options{})
	org.AddStreamingChannel(channel)
	st := &stage{t: t, org: org, ids: map[string]string{"me": org.UserID(me), "other": org.UserID(other)}, short: s.Short}
	for _, status := range org.Records("ServicePresenceStatus") {
		st.ids[status["DeveloperName"].(string)] = status["Id"].(string)
	}
	st.got = result{Outcomes: []string{}, Calls: []string{}}
	st.clock = time.Duration(s.Clock) * time.Millisecond
	room := NewRoom(org, Options{
		Channel: channel, Heard: func(_, outcome string) { st.got.Outcomes = append(st.got.Outcomes, outcome) },
		Now: func() time.Time { return time.Now().Add(st.clock) },
	})
	st.console = &Console{room: room, user: st.ids["me"], username: me, omni: st}
	if s.Showing == "" {
		s.Showing = "Available"
	}
	st.show(s.Showing)
	if s.Subscribe != "" { // the one client that the org admits is somebody else's
		org.SetStreamingLimits(1, 0)
		leave, err := org.Listen(other, channel, func(salesforce.Message) {})
		if err != nil {
			t.Fatal(err)
		}
		st.admit = leave
	}
	for range max(1, s.Tabs) {
		st.open()
	}
	return st
}

// staged is Acme with the statuses of the scripts, and the channel.
func staged() *tenant.Tenant {
	acme := tenant.Acme()
	acme.Salesforce.Statuses = nil
	for _, name := range []string{"Available", "Away", "Lunch"} {
		acme.Salesforce.Statuses = append(acme.Salesforce.Statuses, tenant.Status{DeveloperName: name, Label: name, Profiles: []string{"Support Agent"}})
	}
	acme.Salesforce.Statuses = append(acme.Salesforce.Statuses, tenant.Status{DeveloperName: "Secret", Label: "Secret"})
	return acme
}

func (st *stage) open() {
	st.console.OpenTab()
	st.tabs = append(st.tabs, st.console.tabs[len(st.console.tabs)-1])
}

func (st *stage) show(status string) {
	if status == offline {
		status = ""
	}
	if err := st.org.SetPresence(me, status); err != nil {
		st.t.Fatal(err)
	}
}

// current, set and logOut are the toolkit.
func (st *stage) current() string {
	id := st.org.PresenceByID(st.ids["me"])
	if st.short && id != "" {
		return id[:15]
	}
	return id
}

func (st *stage) set(id string) error {
	name := id
	for word, known := range st.ids {
		if sameID(known, id) {
			name = word
		}
	}
	if st.refusal != "" {
		return errors.New(st.refusal)
	}
	if err := st.org.SetPresenceByID(st.ids["me"], id); err != nil {
		if !strings.Contains(err.Error(), "no access") {
			st.t.Error(err)
		}
		return errors.New("no access")
	}
	st.got.Calls = append(st.got.Calls, "set "+name)
	return nil
}

func (st *stage) logOut() error {
	if st.refusal != "" {
		return errors.New(st.refusal)
	}
	st.got.Calls = append(st.got.Calls, "log out")
	return st.org.LogOutPresence(st.ids["me"])
}

var shownTime = regexp.MustCompile(`\d\d:\d\d:\d\d`)

func (st *stage) run(s script) result {
	for _, step := range s.Steps {
		st.play(step)
		synctest.Wait()
	}
	time.Sleep(2 * time.Second)
	synctest.Wait()
	slices.Sort(st.got.Outcomes)
	st.got.Showing = st.org.Presence(me)
	if st.got.Showing == "" {
		st.got.Showing = offline
	}
	if !st.tabs[0].dead && !st.tabs[0].closing {
		st.got.State = st.console.State()
	}
	st.got.Details = []string{}
	for _, t := range st.tabs {
		if !t.dead && !t.closing {
			st.got.Details = append(st.got.Details, shownTime.ReplaceAllString(t.detail, "TIME"))
		}
	}
	slices.Sort(st.got.Details)
	return st.got
}

func (st *stage) play(s step) {
	switch {
	case s.Push != nil || s.Text != nil || s.Message != nil:
		if st.console.State() != NotConnected {
			st.tell(s)
		}
	case s.Wait != nil:
		time.Sleep(time.Duration(*s.Wait) * time.Millisecond)
	case s.Show != "":
		st.show(s.Show)
	case s.Open > 0:
		for range s.Open {
			st.open()
		}
	case s.Close != nil:
		st.meanwhile(func() { st.tabs[*s.Close].closing = true })
	case s.Crash != nil:
		gone := st.tabs[*s.Crash]
		st.meanwhile(func() {
			gone.dead = true
			st.console.tabs = slices.DeleteFunc(st.console.tabs, func(t *tab) bool { return t == gone })
		})
	case s.Refuse != nil:
		st.meanwhile(func() { st.refusal = *s.Refuse })
	case s.Storage != "":
		st.meanwhile(func() { st.console.storage.full, st.console.storage.off = s.Storage == "full", s.Storage == "off" })
	case s.Error != nil:
		st.console.Disconnect(s.Error.Message)
	case s.Subscribe != nil:
		st.admit()
	case s.Clock != nil:
		st.meanwhile(func() { st.clock = time.Duration(*s.Clock) * time.Millisecond })
	default:
		st.t.Fatalf("a step that says nothing: %+v", s)
	}
}

// meanwhile changes the desk while its tabs may be at work.
func (st *stage) meanwhile(change func()) {
	st.console.mu.Lock()
	defer st.console.mu.Unlock()
	change()
}

// tell takes a step's message to the tabs that it names, or to all.
func (st *stage) tell(s step) {
	m := salesforce.Message{Payload: st.payload(s), Created: time.Now().Add(-time.Duration(s.Age) * time.Millisecond)}
	if s.Undated {
		m.Created = time.Time{}
	}
	if s.To == nil {
		st.console.hear(m)
		return
	}
	for _, i := range s.To {
		st.console.receive(st.tabs[i], m)
	}
}

// payload is the text of a step. Where JavaScript gets a message without any,
// the channel's own type has none.
func (st *stage) payload(s step) string {
	switch {
	case s.Text != nil:
		return strings.ReplaceAll(*s.Text, "005000000000001AAA", st.ids["me"])
	case s.Message != nil:
		return ""
	}
	members := map[string]any{"v": 1, "id": "c1", "user": "me", "epoch": 1, "expires": 60000.0, "expect": "Available", "set": "Away"}
	maps.Copy(members, s.Push)
	for _, name := range []string{"user", "expect", "set"} {
		if word, ok := members[name].(string); ok {
			members[name] = st.id(word)
		}
	}
	if ms, ok := members["expires"].(float64); ok {
		members["expires"] = ms + millis(time.Now())
	}
	for _, name := range s.Without {
		delete(members, name)
	}
	text, err := json.Marshal(members)
	if err != nil {
		st.t.Fatal(err)
	}
	return string(text)
}

func (st *stage) id(word string) string {
	name, length, _ := strings.Cut(word, "/")
	id, ok := st.ids[name]
	switch {
	case !ok:
		return word
	case length == "15":
		return id[:15]
	}
	return id
}
