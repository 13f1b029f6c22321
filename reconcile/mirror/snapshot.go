package mirror

import "time"

// A Snapshot is what a person can see of one tenant's sync at a moment. It
// shares nothing with the engine.
type Snapshot struct {
	At     time.Time `json:"at"`
	Tenant string    `json:"tenant"`
	Owner  string    `json:"owner"` // which replica holds the lease
	Epoch  int64     `json:"epoch"`
	Mode   string    `json:"mode"` // live | shadow | dry-run
	// Standing is how far this replica has come. Who stands by knows of nobody.
	Standing Standing  `json:"standing"`
	OneWay   string    `json:"one_way"`  // why Salesforce is not written to; "" when it is
	Halted   string    `json:"halted"`   // why nobody is moved: stop, freeze, breaker; "" when not
	Troubles []Trouble `json:"troubles"` // by name
	Feed     Feed      `json:"feed"`
	Totals   Totals    `json:"totals"`
	Budget   Budget    `json:"budget"`
	Rules    []RuleRow `json:"rules"`
	Agents   []Agent   `json:"agents"`
	// Strange are people without a counterpart whom a rule reaches; nil in
	// [Changes] when they are the same as before.
	Strange []Strange `json:"unmatched"`
}

// A Standing says how far a replica has come.
type Standing string

// The standings.
const (
	// Standby waits for the lease, and takes over when its holder ends.
	Standby Standing = "standby"
	// Starting has the lease, and has not read both sides yet.
	Starting Standing = "starting"
	// Running keeps people in step.
	Running Standing = "running"
	// Ending begins nothing new.
	Ending Standing = "ending"
)

// A Trouble is something that does not work at present.
type Trouble struct {
	What string `json:"what"` // such as "store"
	Text string `json:"text"`
}

// A Feed says how both sides are observed.
type Feed struct {
	Salesforce string    `json:"salesforce"` // standby | starting | events | polling | down, and why
	CXone      string    `json:"cxone"`
	News       time.Time `json:"news"` // the last word from Salesforce: keepalives and sweeps included
	Polled     time.Time `json:"polled"`
	Interval   Duration  `json:"interval"` // between polls of CXone
}

// Totals count since the process started; gauges count now.
type Totals struct {
	Agents        int `json:"agents"`
	OnDuty        int `json:"on_duty"` // a rule reaches the agent, who is logged in on both sides
	Apart         int `json:"apart"`   // the pair is not mapped by the agent's rule
	Pending       int `json:"pending"`
	Parked        int `json:"parked"`
	Undeliverable int `json:"undeliverable"`
	Unmatched     int `json:"unmatched"`
	Stopped       int `json:"stopped"`

	Changes    int `json:"changes"`   // moves by people or vendors
	Decisions  int `json:"decisions"` // sides that were to be set
	Writes     int `json:"writes"`    // commands sent, repeats included
	WritesTo   Two `json:"writes_to"` // the same, by side
	Done       int `json:"done"`      // decisions that the side then showed
	Failures   int `json:"failures"`  // writes that were refused or expired
	Deliveries int `json:"deliveries"`
	Calls      int `json:"calls"` // to Salesforce

	// Delay is from news in to call out; Reaction from news in to done.
	Delay    Histogram `json:"delay"`
	Reaction Histogram `json:"reaction"`
}

// Two are counts by side.
type Two struct {
	CXone      int `json:"cxone"`
	Salesforce int `json:"salesforce"`
}

// A Histogram counts durations: Counts[i] are those up to Bounds[i] seconds
// and above the bound before; the last count is of those beyond all bounds.
type Histogram struct {
	Bounds []float64 `json:"bounds"`
	Counts []uint64  `json:"counts"`
	Sum    float64   `json:"sum"` // seconds
}

// A Budget is what was used of the declared daily amounts.
type Budget struct {
	Calls           int `json:"calls"`
	CallsOf         int `json:"calls_of"`
	Deliveries      int `json:"deliveries"`
	DeliveriesOf    int `json:"deliveries_of"`
	WritesPerSecond int `json:"writes_per_second"`
}

// A RuleRow is one row of one rule's tables with how it is used.
type RuleRow struct {
	Rule      string `json:"rule"`
	Direction string `json:"direction"` // publish | subscribe | both
	State     string `json:"state"`
	Status    string `json:"status"`
	Place     string `json:"place"` // file:line
	Now       int    `json:"now"`   // agents whose pair is this row's
	Used      int    `json:"used"`  // decisions that rested on it
}

// An Agent is one matched person.
type Agent struct {
	Key    string `json:"key"` // what the store and commands know the agent by
	Name   string `json:"name"`
	Team   string `json:"team"`
	Rule   string `json:"rule"`
	Login  string `json:"login"` // in CXone
	State  string `json:"state"` // what CXone shows
	Status string `json:"status"`

	StateSince  time.Time `json:"state_since"`
	StatusSince time.Time `json:"status_since"`

	Mapped        bool   `json:"mapped"`
	Pending       string `json:"pending,omitempty"` // what is being set, and where
	Parked        string `json:"parked,omitempty"`
	Stopped       string `json:"stopped,omitempty"`
	Undeliverable string `json:"undeliverable,omitempty"`
	Console       bool   `json:"console"` // one is open that listens
}

// A Strange is a person whom nobody, or more than one, corresponds to.
type Strange struct {
	Side string `json:"side"` // salesforce | cxone
	ID   string `json:"id"`
	Name string `json:"name"`
	Why  string `json:"why"`
	// Mapping says that a user_mapping is to blame. Who it means can be nobody:
	// then there is no ID.
	Mapping bool `json:"mapping,omitempty"`

	// What rules go by.
	Team  string `json:"team,omitempty"`
	Login string `json:"login,omitempty"`
	Email string `json:"email,omitempty"`
}

// A Duration is written as text, such as "5s".
type Duration time.Duration

// MarshalText writes the duration as Go does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads it back.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}
