package mirror

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/reconcile/store"
	"github.com/lockstep-sync/lockstep/schema"
)

// Saw is what a line tells that presence does not: one side was seen to show
// something else than before. With these lines alone the day can be replayed.
const Saw presence.What = "saw"

// Noticed is the line of a [Notice].
const Noticed presence.What = "notice"

// lineVersion is the form of a [Line] that this program writes.
const lineVersion = 1

// A Line is one line of the journal.
type Line struct {
	Seq   int64     // the store's
	At    time.Time // by the clock of the replica that wrote it
	Agent string    // the agent's key; "" for what concerns everybody

	presence.Entry

	// Of [Saw] on Side: State or Status, and what the vendor said of the time.
	Since time.Time
	Clock schema.Skew
	Whole bool
	Team  string // the agent's, when it was seen

	// Kind is of [Noticed].
	Kind string
	Over bool
}

// A line is a [Line] as it is kept. Names are short because there are millions.
type line struct {
	V          int    `json:"v"`
	What       string `json:"w"`
	Word       string `json:"a,omitempty"`
	Code       string `json:"c,omitempty"`
	Status     string `json:"s,omitempty"`
	BaseWord   string `json:"ba,omitempty"`
	BaseCode   string `json:"bc,omitempty"`
	BaseStatus string `json:"bs,omitempty"`
	Moved      string `json:"m,omitempty"`
	Rule       string `json:"r,omitempty"`
	Digest     string `json:"d,omitempty"`
	Cause      int    `json:"y,omitempty"`
	Row        string `json:"p,omitempty"`
	Side       int    `json:"i,omitempty"`
	Target     string `json:"t,omitempty"`
	Command    uint64 `json:"n,omitempty"`
	Shadow     bool   `json:"h,omitempty"`
	Detail     string `json:"x,omitempty"`
	Since      int64  `json:"at,omitempty"` // milliseconds
	Ahead      int64  `json:"ah,omitempty"` // microseconds, as is the next
	Unsure     int64  `json:"un,omitempty"`
	Whole      bool   `json:"wh,omitempty"`
	Team       string `json:"tm,omitempty"`
	Kind       string `json:"k,omitempty"`
	Over       bool   `json:"o,omitempty"`
}

// EncodeEntry returns a line as the store keeps it; Seq is the store's to give.
func EncodeEntry(l Line) (store.Entry, error) {
	kept := line{
		V: lineVersion, What: string(l.What),
		Word: l.State.Word, Code: l.State.Code, Status: l.Status,
		BaseWord: l.BaseState.Word, BaseCode: l.BaseState.Code, BaseStatus: l.BaseStatus,
		Moved: l.Moved, Rule: l.Rule, Cause: int(l.Cause), Row: l.Row,
		Side: int(l.Side), Target: l.Target, Command: l.Command, Shadow: l.Shadow, Detail: l.Detail,
		Ahead: l.Clock.Ahead.Microseconds(), Unsure: l.Clock.Uncertainty.Microseconds(), Whole: l.Whole,
		Team: l.Team, Kind: l.Kind, Over: l.Over,
	}
	if l.Digest != 0 {
		kept.Digest = strconv.FormatUint(l.Digest, 36)
	}
	if !l.Since.IsZero() {
		kept.Since = l.Since.UnixMilli()
	}
	data, err := json.Marshal(kept)
	return store.Entry{At: l.At, Agent: l.Agent, Data: data}, err
}

// DecodeEntry reads a line as the store keeps it. One that a newer version wrote
// is [store.ErrNewer].
func DecodeEntry(e store.Entry) (Line, error) {
	var kept line
	if err := json.Unmarshal(e.Data, &kept); err != nil {
		return Line{}, fmt.Errorf("journal entry %d: %w", e.Seq, err)
	}
	if kept.V != lineVersion {
		return Line{}, fmt.Errorf("journal entry %d of version %d, this one knows %d: %w", e.Seq, kept.V, lineVersion, store.ErrNewer)
	}
	l := Line{
		Seq: e.Seq, At: e.At, Agent: e.Agent,
		Entry: presence.Entry{
			What:      presence.What(kept.What),
			State:     schema.ACDState{Word: kept.Word, Code: kept.Code},
			BaseState: schema.ACDState{Word: kept.BaseWord, Code: kept.BaseCode},
			Status:    kept.Status, BaseStatus: kept.BaseStatus,
			Moved: kept.Moved, Rule: kept.Rule, Cause: presence.Cause(kept.Cause), Row: kept.Row,
			Side: presence.Side(kept.Side), Target: kept.Target, Command: kept.Command,
			Shadow: kept.Shadow, Detail: kept.Detail,
		},
		Clock: schema.Skew{Ahead: time.Duration(kept.Ahead) * time.Microsecond, Uncertainty: time.Duration(kept.Unsure) * time.Microsecond},
		Whole: kept.Whole, Team: kept.Team, Kind: kept.Kind, Over: kept.Over,
	}
	if kept.Since != 0 {
		l.Since = time.UnixMilli(kept.Since).UTC()
	}
	if kept.Digest != "" {
		digest, err := strconv.ParseUint(kept.Digest, 36, 64)
		if err != nil {
			return Line{}, fmt.Errorf("journal entry %d: digest: %w", e.Seq, err)
		}
		l.Digest = digest
	}
	return l, nil
}
