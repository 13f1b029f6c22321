package desk

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/providers/emulator/salesforce"
)

// This file is the bridge's component, providers/salesforce/bridge/Helper.js,
// in Go, function by function. Both are held to the same scripts.

const (
	version   = 1
	offline   = "offline"
	claimWait = 150 * time.Millisecond
	claimKeep = 10 * time.Minute
	aheadKept = 5
)

// A lost connection is made again after these pauses. The component adds to
// each as much again at most, by chance.
const retryFirst, retryMost = 5 * time.Second, 5 * time.Minute

// What becomes of a command in a tab.
const (
	done         = "done"
	notACommand  = "not a command of this version"
	somebodyElse = "for somebody else"
	expired      = "expired"
	olderEpoch   = "from a sender who no longer leads"
	taken        = "taken by another tab"
	tabClosing   = "this tab is closing"
	loggedOut    = "logged out"
	otherStatus  = "another status shows than the one expected"
	showsAlready = "shows already"
	refused      = "refused: " // by Omni-Channel
)

// follows is what a tab that is connected says before the first command.
const follows = "Presence follows CXone while this tab is open."

// A command is what a payload asks for.
type command struct {
	id, user, expect, set string
	epoch, expires        float64
}

// storage is the browser's, as far as the bridge uses it.
type storage struct {
	full, off bool
	epoch     float64
	claims    map[string]time.Time // by command: when a tab claimed it
}

// receive takes one message in one tab. Only the tab that claims the command
// first acts: in one process nobody writes at the same moment.
func (c *Console) receive(t *tab, m salesforce.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.dead || t.closing {
		return
	}
	cmd, ok := parse(m.Payload)
	now := c.room.options.Now()
	t.learn(m.Created, now)
	if refusal := c.refuse(t, cmd, ok, t.serverNow(now)); refusal != "" {
		c.heard(t, refusal)
		return
	}
	c.storeEpoch(t, cmd.epoch)
	if c.storage.full || c.storage.off { // nothing can be claimed: every tab acts
		c.heard(t, c.carryOut(t, cmd))
		return
	}
	if _, claimed := c.storage.claims[cmd.id]; claimed {
		c.heard(t, taken)
		return
	}
	c.claim(cmd.id, now)
	c.room.options.After(claimWait, func() { c.act(t, cmd) })
}

// act carries out a claimed command, unless its tab has died.
func (c *Console) act(t *tab, cmd command) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.dead {
		return
	}
	c.heard(t, c.carryOut(t, cmd))
}

// heard shows what became of a command.
func (c *Console) heard(t *tab, outcome string) {
	switch {
	case outcome == done:
		c.state = Connected
	case strings.HasPrefix(outcome, refused):
		c.state = Refused
	}
	t.detail = "Last command, " + c.room.options.Now().Format(time.TimeOnly) + ": " + outcome
	if c.room.options.Heard != nil {
		c.room.options.Heard(c.username, outcome)
	}
}

// learn compares the clocks by the time at which Salesforce took a message in;
// zero is a message without.
func (t *tab) learn(created, now time.Time) {
	if created.IsZero() {
		return
	}
	t.ahead = append(t.ahead, created.Sub(now))
	t.ahead = t.ahead[max(0, len(t.ahead)-aheadKept):]
}

// serverNow is the time in Salesforce, by the most timely of the last messages.
func (t *tab) serverNow(now time.Time) time.Time {
	if len(t.ahead) == 0 {
		return now
	}
	return now.Add(slices.Max(t.ahead))
}

// parse reads a command and reports whether the text is one. Names are spelt
// as they are, which encoding/json would not insist on for a struct.
func parse(payload string) (command, bool) {
	var members map[string]any
	if err := json.Unmarshal([]byte(payload), &members); err != nil || members["v"] != float64(version) {
		return command{}, false
	}
	var cmd command
	for name, into := range map[string]*string{"id": &cmd.id, "user": &cmd.user, "expect": &cmd.expect, "set": &cmd.set} {
		*into, _ = members[name].(string)
		if *into == "" {
			return command{}, false
		}
	}
	var isNumber [2]bool
	cmd.epoch, isNumber[0] = members["epoch"].(float64)
	cmd.expires, isNumber[1] = members["expires"].(float64)
	const safe = 1<<53 - 1 // JavaScript's largest whole number that is one
	return cmd, isNumber == [2]bool{true, true} && cmd.epoch == math.Trunc(cmd.epoch) && math.Abs(cmd.epoch) <= safe
}

// refuse says why a command is not for this tab to carry out.
func (c *Console) refuse(t *tab, cmd command, ok bool, now time.Time) string {
	switch {
	case !ok:
		return notACommand
	case !sameID(cmd.user, c.user):
		return somebodyElse
	case cmd.expires <= millis(now):
		return expired
	case cmd.epoch < c.storedEpoch(t):
		return olderEpoch
	}
	return ""
}

func millis(t time.Time) float64 { return float64(t.UnixMilli()) }

// carryOut sets the status when the one that shows is the expected one.
func (c *Console) carryOut(t *tab, cmd command) string {
	if t.closing {
		return tabClosing
	}
	showing := c.omni.current()
	switch {
	case showing == "":
		return loggedOut // nobody is logged in who did not do it
	case !sameStatus(showing, cmd.expect):
		return otherStatus
	case sameStatus(showing, cmd.set):
		return showsAlready
	case cmd.expires <= millis(t.serverNow(c.room.options.Now())):
		return expired
	case cmd.epoch < c.storedEpoch(t):
		return olderEpoch
	}
	var err error
	if cmd.set == offline {
		err = c.omni.logOut()
	} else {
		err = c.omni.set(cmd.set)
	}
	if err != nil {
		return refused + err.Error()
	}
	return done
}

// claim notes that a tab acts on a command, and forgets claims that nobody can
// be waiting for any more.
func (c *Console) claim(id string, now time.Time) {
	for old, at := range c.storage.claims {
		if now.Sub(at) >= claimKeep {
			delete(c.storage.claims, old)
		}
	}
	if c.storage.claims == nil {
		c.storage.claims = map[string]time.Time{}
	}
	c.storage.claims[id] = now
}

func (c *Console) storedEpoch(t *tab) float64 {
	if c.storage.off {
		return t.seen
	}
	return max(c.storage.epoch, t.seen)
}

func (c *Console) storeEpoch(t *tab, epoch float64) {
	t.seen = max(t.seen, epoch)
	if !c.storage.full && !c.storage.off {
		c.storage.epoch = max(c.storage.epoch, epoch)
	}
}

// sameID compares Ids of 15 or 18 characters.
func sameID(a, b string) bool { return a[:min(15, len(a))] == b[:min(15, len(b))] }

func sameStatus(a, b string) bool { return a == b || sameID(a, b) }
