package desk

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/emulator/salesforce"
)

// An office is a room with everybody's bridge, and an integration that pushes.
type office struct {
	t        *testing.T
	org      *salesforce.Org
	room     *Room
	token    string
	push     string
	outcomes []string
}

func newOffice(t *testing.T, options Options) *office {
	acme := staged()
	o := &office{t: t, org: salesforce.New(acme, salesforce.Options{})}
	o.org.AddStreamingChannel(channel)
	options.Channel = channel
	options.Heard = func(who, outcome string) { o.outcomes = append(o.outcomes, who+": "+outcome) }
	o.room = NewRoom(o.org, options)
	app := acme.Salesforce.Integration[0]
	answer := o.call("/services/oauth2/token", "application/x-www-form-urlencoded", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {app.ClientID}, "client_secret": {app.ClientSecret},
	}.Encode())
	o.token = answer.(map[string]any)["access_token"].(string)
	o.push = "/services/data/v67.0/sobjects/StreamingChannel/" + o.org.Records("StreamingChannel")[0]["Id"].(string) + "/push"
	return o
}

func (o *office) call(path, contentType, body string) any {
	o.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "https://acme.my.salesforce.com"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Authorization", "Bearer "+o.token)
	w := httptest.NewRecorder()
	o.org.ServeHTTP(w, r)
	var answer any
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
		o.t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return answer
}

// command pushes one command to a user and returns how many consoles it
// reached.
func (o *office) command(username, expect, set string) int {
	o.t.Helper()
	user := o.org.UserID(username)
	payload, err := json.Marshal(map[string]any{
		"v": 1, "id": fmt.Sprint("to ", username, " at ", time.Now().UnixNano()), "user": user, "epoch": 1,
		"expires": time.Now().Add(time.Minute).UnixMilli(), "expect": o.status(expect), "set": o.status(set),
	})
	if err != nil {
		o.t.Fatal(err)
	}
	body, err := json.Marshal(map[string]any{"pushEvents": []any{map[string]any{"payload": string(payload), "userIds": []string{user}}}})
	if err != nil {
		o.t.Fatal(err)
	}
	answer := o.call(o.push, "application/json", string(body))
	time.Sleep(time.Second)
	synctest.Wait()
	return int(answer.([]any)[0].(map[string]any)["fanoutCount"].(float64))
}

func (o *office) status(name string) string {
	for _, row := range o.org.Records("ServicePresenceStatus") {
		if row["DeveloperName"] == name {
			return row["Id"].(string)
		}
	}
	return name
}

// Commands reach the consoles that are open, and change presence there.
func TestRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, Options{})
		ana, err := o.room.Open(me)
		if err != nil {
			t.Fatal(err)
		}
		ana.OpenTab()
		if err := ana.SetStatus("Available"); err != nil {
			t.Fatal(err)
		}
		reached := []int{o.command(me, "Available", "Away"), o.command(other, "Available", "Away"), o.command(me, "Away", offline)}
		if diff := cmp.Diff([]int{1, 0, 1}, reached); diff != "" {
			t.Error("consoles reached: -want +got:\n" + diff)
		}
		want := []string{me + ": taken by another tab", me + ": done", me + ": taken by another tab", me + ": done"}
		if diff := cmp.Diff(want, o.outcomes); diff != "" {
			t.Error("-want +got:\n" + diff)
		}
		if ana.Showing() != "" || o.org.Presence(me) != "" {
			t.Errorf("shows %q after logging out", ana.Showing())
		}
		if err := ana.SetStatus("Secret"); err == nil {
			t.Error("a status was chosen that is not granted")
		}
		if _, err := o.room.Open("nobody@acme.example"); err == nil {
			t.Error("a console was opened for nobody")
		}
	})
}

// A tab that is lost says nothing: what the org then does is chosen.
func TestCrash(t *testing.T) {
	tests := map[string]struct {
		ends       time.Duration
		back       bool
		want, why  string
		afterCrash func(*Console) error
	}{
		"Stays":     {want: "Available", why: "nothing ends the row"},
		"Ends":      {ends: time.Minute, want: "", why: "the org found out"},
		"ComesBack": {ends: time.Minute, back: true, want: "Available", why: "the agent was back in time"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(t, Options{RowEndsAfter: tc.ends})
				ana, _ := o.room.Open(me)
				if err := ana.SetStatus("Available"); err != nil {
					t.Fatal(err)
				}
				ana.Crash()
				if n := o.command(me, "Available", "Away"); n != 0 {
					t.Errorf("%d consoles reached after the crash", n)
				}
				if err := ana.SetStatus("Away"); err == nil {
					t.Error("a status was chosen without a page")
				}
				if tc.back {
					if _, err := o.room.Open(me); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(time.Hour)
				if got := ana.Showing(); got != tc.want {
					t.Errorf("%s: shows %q, want %q", tc.why, got, tc.want)
				}
			})
		})
	}
}

// Closing the last tab logs out; closing one of several does not.
func TestCloseTab(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, Options{})
		ana, _ := o.room.Open(me)
		ana.OpenTab()
		if err := ana.SetStatus("Available"); err != nil {
			t.Fatal(err)
		}
		var shown []string
		for range 2 {
			if err := ana.CloseTab(); err != nil {
				t.Error(err)
			}
			shown = append(shown, ana.Showing())
		}
		if diff := cmp.Diff([]string{"Available", ""}, shown); diff != "" {
			t.Error("-want +got:\n" + diff)
		}
		if ana.CloseTab() == nil || ana.LogOut() == nil {
			t.Error("a page was used that is closed")
		}
	})
}

// An idle console costs no goroutine and little memory: thousands are
// opened, hear a command each and carry it out.
func TestManyConsoles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const agents = 2_000
		crowd := staged()
		crowd.Agents[0].Profile = "Support Agent"
		for i := range crowd.Agents {
			if crowd.Agents[i].Team != "" && crowd.Agents[i].Profile != "" {
				crowd.Agents[i].Profile = "Support Agent"
			}
		}
		crowd.Crowd(agents)
		org := salesforce.New(crowd, salesforce.Options{})
		org.AddStreamingChannel(channel)
		org.SetStreamingLimits(agents, 2*agents)
		var mu sync.Mutex
		count := map[string]int{}
		room := NewRoom(org, Options{Channel: channel, Heard: func(_, outcome string) { mu.Lock(); count[outcome]++; mu.Unlock() }})
		o := &office{t: t, org: org}
		ids := map[string]string{"Available": o.status("Available"), "Away": o.status("Away")}
		var consoles []*Console
		for _, a := range crowd.AtWork() {
			c, err := room.Open(a.Email)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.SetStatus("Available"); err != nil {
				t.Fatal(err)
			}
			consoles = append(consoles, c)
		}
		for _, c := range consoles {
			c.hear(salesforce.Message{Payload: fmt.Sprintf(`{"v":1,"id":"c1","user":%q,"epoch":1,"expires":9e12,"expect":%q,"set":%q}`, c.user, ids["Available"], ids["Away"])})
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if diff := cmp.Diff(map[string]int{done: agents}, count); diff != "" {
			t.Error("-want +got:\n" + diff)
		}
	})
}
