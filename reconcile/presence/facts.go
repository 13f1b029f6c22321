package presence

// Facts are what the configuration declares about the statuses and codes that
// rules name. What it does not declare is not guessed: a check that needs it is
// left to the plan, which can ask the vendors.
type Facts struct {
	Statuses map[string]StatusFacts // by developer name
	Codes    map[string]CodeFacts   // by name
}

// StatusFacts describe one Salesforce presence status.
type StatusFacts struct {
	Label    string
	Busy     bool
	Channels []string
	Known    bool // Busy and Channels are declared
}

// CodeFacts describe one unavailable code of CXone.
type CodeFacts struct {
	ACW bool
	// Teams lists the teams that the code is declared to be on; nil when the
	// configuration does not say.
	Teams []string
	Known bool // the code is declared
}
