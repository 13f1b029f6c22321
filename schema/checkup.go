package schema

// A Condition is what a checkup found.
type Condition string

// The conditions.
const (
	Healthy Condition = "ok"
	Ailing  Condition = "warning" // works, but will not for long or not for all
	Broken  Condition = "failed"
	Unseen  Condition = "unseen" // no API shows it; a person has to look
)

// A Checkup is one prerequisite, permission or limit that was looked at.
type Checkup struct {
	Name      string // "Omni-Channel is on"
	Condition Condition
	Detail    string // what was seen
	Remedy    string // what to do, or where to look; "" when all is well
}
