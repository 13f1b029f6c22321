package cxone

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/schema"
)

func TestContacts(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, admin *client, app *desk) {
		hand := admin.tenant
		app.start()
		app.choose("Available", "").want(202)
		app.told()

		check(t, hand.BeginContact(ana, Contact{}))
		app.expect("the leg is dialled for the first contact", "AgentLeg Dialing False", "AgentLeg Active False", "InboundContact")
		row := admin.get("~/agents/" + admin.userID(ana) + "/states").want(200)
		if row.number("agentStates", 0, "openContacts") != 1 || row.number("agentStates", 0, "contactId") == 0 {
			t.Errorf("a contact has a number: %s", row.raw)
		}
		check(t, hand.EndContact(ana))
		app.expect("without after-call work, back to where the agent was", "Available")

		check(t, hand.BeginContact(ana, Contact{State: schema.StateOutboundContact}))
		app.choose("Unavailable", "Break").want(202)
		app.choose("Unavailable", "Wrap Up").want(202)
		app.choose("Unavailable", "Break").want(202)
		app.expect("202 is not done: a choice waits, and the last one counts",
			"OutboundContact", "OutboundContact then Unavailable Break", "OutboundContact then Unavailable Wrap Up", "OutboundContact then Unavailable Break")
		check(t, hand.EndContact(ana))
		app.expect("it is taken up at the end", "Unavailable Break")

		check(t, hand.BeginContact(ana, Contact{AfterCallWork: true, Limit: 30 * time.Second}))
		app.told()
		app.choose("Available", "").want(202)
		check(t, hand.EndContact(ana))
		app.expect("after-call work goes first", "InboundContact then Available", "Unavailable ACW 30 then Available")
		time.Sleep(31 * time.Second)
		app.expect("and then the choice", "Available")

		check(t, hand.BeginContact(ana, Contact{AfterCallWork: true, Code: "Wrap Up"}))
		check(t, hand.EndContact(ana))
		app.expect("after-call work under a code", "InboundContact", "Unavailable Wrap Up ACW 1800")
		app.choose("Available", "").want(202)
		app.expect("the agent's own choice ends it", "Available")

		check(t, hand.BeginContact(ana, Contact{AfterCallWork: true}))
		check(t, hand.EndContact(ana))
		time.Sleep(200 * time.Second)
		check(t, hand.EndAfterCallWork(ana))
		app.expect("without a limit it lasts until the agent is done", "InboundContact", "Unavailable ACW 0", "Available")

		check(t, hand.BeginContact(ana, Contact{}))
		app.choose("Unavailable", "Wrap Up").want(202)
		check(t, hand.EndContact(ana))
		app.expect("a code for after-call work, chosen in the contact",
			"InboundContact", "InboundContact then Unavailable Wrap Up", "Unavailable Wrap Up ACW 1800")
	})
}

func TestRefusedContact(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, admin *client, app *desk) {
		app.start()
		if err := admin.tenant.RefuseContact(ana); err == nil {
			t.Error("an unavailable agent is offered nothing")
		}
		app.choose("Available", "").want(202)
		app.told()
		check(t, admin.tenant.RefuseContact(ana))
		app.expect("the system's own reason", "Unavailable Refused")
		row := admin.get("~/agents/" + admin.userID(ana) + "/states").want(200)
		if row.number("agentStates", 0, "outStateId") != -1 {
			t.Errorf("out-state -1: %s", row.raw)
		}
		time.Sleep(250 * time.Second)
		app.expect("has no time-out")
		app.choose("Available", "").want(202)
		app.expect("and ends by choice", "Available")
	})
}

// An administrator's change goes through the same machine as the agent's own.
func TestAdministrativeChange(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, admin *client, app *desk) {
		app.start().told()
		agent := "~/agents/" + admin.userID(ana)
		toBreak := fmt.Sprintf("/state?state=Unavailable&outStateId=%d", admin.codeID("Break"))
		admin.post(agent+toBreak, nil).want(202)
		app.expect("the app sees it", "Unavailable Break")
		check(t, admin.tenant.BeginContact(ana, Contact{AfterCallWork: true, Limit: time.Minute}))
		check(t, admin.tenant.EndContact(ana))
		app.told()
		admin.post(agent+"/state?state=Available", nil).want(202)
		app.expect("it waits for after-call work", "Unavailable ACW 60 then Available")
		time.Sleep(time.Minute)
		app.expect("and is done then", "Available")
		admin.post(agent+"/logout", nil).want(202)
		app.expect("logging out, too, with the leg that was up",
			"AgentLeg Disconnected True", "RemoteAgentSessionEnd RemoteLogoff")
		app.poll(0).want(409)
	})
}

// Codes time out on the tenant's clock, and log their agents out as of then.
func TestCodeTimeOut(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, admin *client, _ *desk) {
		check(t, admin.tenant.SetPresence(ana, "Unavailable", "Break")) // 30 minutes
		cursor := admin.get("~/agents/states?top=1000").want(200).text("lastPollTime")
		due := time.Now().Add(30 * time.Minute).UTC()
		poll := func() *answer { return admin.get("~/agents/states?updatedSince=" + url.QueryEscape(cursor)) }
		time.Sleep(29 * time.Minute)
		poll().want(204)
		time.Sleep(10 * time.Minute)
		a := poll().want(200)
		if diff := cmp.Diff([]string{"LoggedOut"}, a.column("agentStates", "agentStateName")); diff != "" || a.text("agentStates", 0, "startDate") != timestamp(due) {
			t.Errorf("at the time-out and not when somebody looks: %s -want +got\n%s", a.raw, diff)
		}

		app := admin.desk(ana) // tokens live for an hour
		app.start().told()
		app.choose("Unavailable", "Break").want(202)
		app.told()
		begun := time.Now()
		for app.poll(60).status == 304 { // an app that polls all the time
		}
		if waited := time.Since(begun); waited != 30*time.Minute {
			t.Errorf("a waiting app hears of it at once, not after %v", waited)
		}
		app.poll(0).want(409)

		check(t, admin.tenant.SetPresence(ana, "Unavailable", "Break"))
		time.Sleep(20 * time.Minute)
		check(t, admin.tenant.SetPresence(ana, "Available", ""))
		time.Sleep(24 * time.Hour)
		if got := adminAgain(admin).state(ana); got != "Available" {
			t.Errorf("who left the code in time stays, and Available has no limit: %s", got)
		}
	})
}

// adminAgain signs in anew, a token's hour being over.
func adminAgain(c *client) *client { return c.desk("sup.one@acme.example").client }

func TestCachedStates(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, admin *client, app *desk) {
		const target = "/InContactAPI/services/v27.0/cache/agentstate?fields=userId,agentStateName,outStateCode,outStateDescription&updatedSince="
		cursor := admin.get(target+"1970-01-01T00:00:00.000Z").want(200).text("resultSet", "lastPollTime")
		admin.get(target + cursor).want(204)
		app.start()
		app.choose("Unavailable", "Break").want(202)
		a := admin.get(target + cursor).want(200)
		want := []any{map[string]any{
			"userId": admin.userID(ana), "agentStateName": "Unavailable",
			"outStateCode": float64(admin.codeID("Break")), "outStateDescription": "Break",
		}}
		if diff := cmp.Diff(want, a.at("resultSet", "agentStates")); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		admin.get(target + "soon").want(400)
	})
}

// What NICE's app asks for on its way in, and can do without.
func TestOnTheWayIn(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, admin *client, app *desk) {
		agent := "~/agents/" + admin.userID(ana)
		if app.get(agent+"/agent-settings").want(200).text("EnableUIQueue") != "false" {
			t.Error("the app must poll for events: there is no SignalR here")
		}
		app.get("~/agents/999/agent-settings").want(404)
		app.get(agent + "/indicators").want(200).list("indicators")
		app.get("~/agents/999/indicators").want(404)
		app.get("~/business-unit").want(200).list("businessUnits", 0, "features")
		if app.get("/user-management/v1/users/"+admin.userID(ana)).want(200).at("user", "customAttributes") == nil {
			t.Error("without customAttributes the app fails")
		}
		app.get("https://" + AreaHost + "/config/toggledFeatures").want(404)
	})
}

func TestContactMistakes(t *testing.T) {
	c := newClient(t, Options{})
	check(t, c.tenant.SetPresence(ben, "Available", ""))
	for why, err := range map[string]error{
		"nobody by that name":         c.tenant.BeginContact("none", Contact{}),
		"no agent":                    c.tenant.EndContact("admin@acme.example"),
		"not logged in":               c.tenant.BeginContact(ana, Contact{}),
		"no contact state":            c.tenant.BeginContact(ben, Contact{State: "Available"}),
		"no code for after-call work": c.tenant.BeginContact(ben, Contact{AfterCallWork: true, Code: "Break"}),
		"no contact to end":           c.tenant.EndContact(ben),
		"not in after-call work":      c.tenant.EndAfterCallWork(ben),
		"refusing while logged out":   c.tenant.RefuseContact(ana),
	} {
		if err == nil {
			t.Errorf("%s: no error", why)
		}
	}
	if got := c.state(ben); got != "Available" {
		t.Errorf("mistakes change nothing: %s", got)
	}
}
