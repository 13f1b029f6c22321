package tenant

import "strings"

// Acme's credentials and pins, as `lockstep emulate -env` writes them.
const (
	AcmeOrganizationID  = "00D5g00000ABCDE"
	AcmeTenantID        = "11eb8f0a-7c1d-4e52-9a60-2f4c5d6e7a8b"
	AcmeClientID        = "3MVG9.acme.lockstep"
	AcmeClientSecret    = "acme-client-secret-0001"
	AcmeAccessKeyID     = "AJ2K5LQRST7ACMEKEY0001===="
	AcmeAccessKeySecret = "ZXQ4ACMEACCESSKEYSECRET0001===="
	AcmeIntegration     = "lockstep@acme.example"
	AcmeAccessKeyUser   = "presence-sync@acme.example"
)

// Acme returns a believable contact centre: about forty agents on five teams,
// a production org, and some objects that nobody declares.
func Acme() *Tenant {
	teams := []string{"Support", "Sales", "Billing", "Retention", "Supervisors"}
	return &Tenant{
		Salesforce: Salesforce{
			OrganizationID: AcmeOrganizationID,
			Name:           "Acme",
			Profiles: []Profile{
				{Label: "System Administrator", APIName: "Admin"},
				{Label: "Standard User", APIName: "Standard"},
				{Label: "Support Agent"},
				{Label: "Sales Agent"},
				{Label: "Support Supervisor"},
				{Label: "Custom: Support Profile"},
			},
			PermissionSets: []PermSet{
				{Name: "CXone_Agent", Label: "CXone Agent", Namespace: "icAgentConsole"},
				{Name: "Presence_Access", Label: "Presence Access"},
			},
			Channels: []Channel{
				{DeveloperName: "sfdc_phone", Label: "Phone", Entity: "VoiceCall"},
				{DeveloperName: "sfdc_livemessage", Label: "Messaging", Entity: "MessagingSession"},
				{DeveloperName: "Cases", Label: "Cases", Entity: "Case"},
			},
			Statuses: []Status{
				{DeveloperName: "Available_Cases", Label: "Available - Cases", Channels: []string{"Cases"}, Profiles: []string{"Support Agent", "Sales Agent"}},
				{DeveloperName: "Away", Label: "Away", Profiles: []string{"Support Agent"}},
			},
			Packages:      []Package{{Name: "CXone Agent for Salesforce", Namespace: "icAgentConsole", Allowed: 60}},
			LightningApps: []Lightning{{Name: "LightningService", Label: "Service Console", UtilityBar: "LightningService_UtilityBar"}},
			Integration: []Credential{{
				ClientID: AcmeClientID, ClientSecret: AcmeClientSecret, Username: AcmeIntegration,
				RefreshToken: "5Aep861acme.refresh.token",
			}},
		},
		CXone: CXone{
			TenantID:     AcmeTenantID,
			BusinessUnit: 4597359,
			Teams:        teams,
			Codes: []Code{
				{Name: "Unavailable", Teams: teams},
				{Name: "Break", Timeout: 30, Teams: teams},
				{Name: "Wrap Up", ACW: true, Timeout: 30, Teams: teams},
				{Name: "Old Project", Inactive: true},
			},
			AccessKeys: []AccessKey{{ID: AcmeAccessKeyID, Secret: AcmeAccessKeySecret, User: AcmeAccessKeyUser}},
			Clients:    []Client{{ID: "acme-registered-client", Secret: "acme-registered-secret"}},
		},
		Agents: acmeAgents(),
	}
}

// acmeAgents lists the people: eight or nine a team, an administrator, the two
// integration users, and three who are not the same on both sides.
func acmeAgents() []Agent {
	byTeam := []struct{ team, profile, names string }{
		{"Support", "Support Agent", "Ana Lopez,Ben Okafor,Carla Rossi,Dmitri Volkov,Elena Petrova,Farid Haddad,Grace Kim,Hugo Martin,Ines Costa"},
		{"Sales", "Sales Agent", "Jonas Berg,Keiko Tanaka,Liam Murphy,Maria Silva,Noah Cohen,Olga Novak,Paul Weber,Qi Zhang"},
		{"Billing", "Custom: Support Profile", "Rosa Diaz,Samir Patel,Tara Singh,Umar Khan,Vera Horvat,Will Turner,Xenia Papas,Yusuf Demir"},
		{"Retention", "Support Agent", "Zoe Laurent,Adam Nowak,Bella Conti,Chen Wu,Dana Levi,Erik Olsen,Fatima Zahra,Greg Evans"},
		{"Supervisors", "Support Supervisor", "Sup One,Sup Two,Helen Park,Ivan Marin"},
	}
	var agents []Agent
	for _, group := range byTeam {
		for name := range strings.SplitSeq(group.names, ",") {
			first, last, _ := strings.Cut(name, " ")
			agents = append(agents, Agent{
				Email:     strings.ToLower(first+"."+last) + "@acme.example",
				FirstName: first, LastName: last,
				Team: group.team, Profile: group.profile,
				PackageLicence: group.team != "Retention" || first < "D",
				PermissionSets: []string{"CXone_Agent"},
			})
		}
	}
	return append(agents,
		Agent{Email: "admin@acme.example", FirstName: "Alex", LastName: "Admin", Profile: "System Administrator"},
		Agent{Email: AcmeIntegration, FirstName: "Lockstep", LastName: "Integration", Profile: "System Administrator"},
		Agent{Email: AcmeAccessKeyUser, FirstName: "Presence", LastName: "Sync", Team: "Supervisors"},
		Agent{Email: "no.cxone@acme.example", FirstName: "No", LastName: "Cxone", Profile: "Standard User"},
		Agent{Email: "old.hand@acme.example", FirstName: "Old", LastName: "Hand", Team: "Billing", Profile: "Standard User", Inactive: true},
	)
}
