package cxone

import (
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

// The vendor's rows, as far as they are read. Keys match in any case, which
// settles teamUuid and teamUuId, isACW and isAcw.
type (
	// A team is a row of the ACD's list of teams (VERIFIED).
	team struct {
		ID   int    `json:"teamId"`
		UUID string `json:"teamUuid"`
		Name string `json:"teamName"`
		// Codes is nil where the row does not carry the team's codes.
		Codes []teamCode `json:"unavailableCodes"`
	}

	// A teamCode is an unavailable code as teams spell it (VERIFIED).
	teamCode struct {
		ID int `json:"outStateId"`
	}

	// A code is a row of the business unit's catalogue (VERIFIED).
	code struct {
		ID      int    `json:"id"`
		Name    string `json:"name"`
		Active  bool   `json:"isActive"`
		ACW     bool   `json:"isACW"`
		Minutes int    `json:"agentTimeout"`
	}

	// A user is an agent as the ACD lists them, or a user of UserHub's
	// (VERIFIED both).
	user struct {
		UUID   string
		Name   string
		Team   string // its name, or UserHub's id of it
		Active bool
		Agent  bool

		AgentID, Email, Federation string // what else tells who a person is
	}
)

func (c code) timeout() time.Duration {
	if c.Minutes == 0 {
		return usualTimeout // what the vendor uses where none was given (VERIFIED)
	}
	return time.Duration(c.Minutes) * time.Minute
}

// agentUser reads a row of the ACD's list of agents.
func agentUser(row Loose) user {
	return user{
		UUID: row.Text("userID", "userId"), Name: row.Text("userName"),
		Team: row.Text("teamName"), Active: row.Bool("isActive"), Agent: true,
		AgentID: row.Text("agentId"), Email: row.Text("emailAddress"), Federation: row.Text("federatedId"),
	}
}

// hubUser reads a row of UserHub's list of users (VERIFIED), which has those
// who are no agents as well: an agent has a login of the ACD.
func hubUser(row Loose) user {
	return user{
		UUID: row.Text("id"), Name: row.Text("userName"), Team: row.Text("teamId"),
		Active: strings.EqualFold(row.Text("status"), "ACTIVE"),
		Agent:  len(row.List("acdUserMappings"))+len(row.List("acdInfos")) > 0,
		Email:  row.Text("emailAddress"),
	}
}

// The simulated adapter contract (INVENTED; contract §5.6). None of this is
// NICE's API: NICE publishes a read of the caller's own rule and nothing else.
type (
	environment struct {
		ID             string   `json:"environmentId,omitempty"`
		Name           string   `json:"environmentName"`
		OrganizationID string   `json:"organizationId"`
		Platform       string   `json:"platformVersion"` // Production | Sandbox
		Username       string   `json:"userName"`
		Password       string   `json:"password,omitempty"` // never returned
		ClientID       string   `json:"clientId"`
		ClientSecret   string   `json:"clientSecret,omitempty"` // never returned
		Emails         []string `json:"emailAddresses"`
	}

	mapping struct {
		ID            string `json:"accountMappingId,omitempty"`
		UserID        string `json:"userId"`
		AccessKeyID   string `json:"accessKeyId,omitempty"`
		EnvironmentID string `json:"environmentId"`
		Status        string `json:"status,omitempty"`
	}

	rule struct {
		ID         string    `json:"ruleId,omitempty"`
		Name       string    `json:"ruleName"`
		MappingID  string    `json:"accountMappingId"`
		Publisher  []wireRow `json:"publisherStateMap"`
		Subscriber []wireRow `json:"subscriberStateMap"`
		// Teams and Users come with the list; they are written by calls of
		// their own, because the guide assigns in a second step.
		Teams []assignedTeam `json:"teams,omitempty"`
		Users []assignedUser `json:"users,omitempty"`
	}

	assignedTeam struct {
		ID anyID `json:"teamId"`
	}

	assignedUser struct {
		ID string `json:"userId"`
	}
)

// An anyID is an id that may come as a number or as a text.
type anyID string

// UnmarshalJSON takes a number or a string.
func (id *anyID) UnmarshalJSON(data []byte) error {
	*id = anyID(strings.Trim(string(data), `"`))
	return nil
}

// The paths of the simulated adapter contract (INVENTED).
const (
	adaptersRoot     = "/adapter-apis/v1/salesforce"
	environmentsPath = adaptersRoot + "/environments"
	mappingsPath     = adaptersRoot + "/account-mappings"
	rulesPath        = adaptersRoot + "/rules"
	refreshPath      = adaptersRoot + "/users/refresh"
	// ownRulePath is the one path that NICE's own software calls (VERIFIED);
	// "salesforce" as the partner's name is UNCERTAIN.
	ownRulePath = adaptersRoot + "/rule/"
)

// A platform is a Salesforce environment's kind, as NICE's form words it.
var platforms = map[string]string{"production": "Production", "sandbox": "Sandbox"}

func platformWord(wire string) schema.Value {
	for word, spelled := range platforms {
		if spelled == wire {
			return schema.String(word)
		}
	}
	return schema.String(wire)
}
