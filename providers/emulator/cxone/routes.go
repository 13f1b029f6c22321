package cxone

// A Permission is a right of a CXone role, by the name that NICE's help gives
// it.
type Permission string

// The permissions that the emulator can withhold; see [Tenant.Deny].
const (
	PermissionAccountMapping   Permission = "Account Mapping: Create"
	PermissionRules            Permission = "Rules: Create"
	PermissionUnavailableCodes Permission = "Unavailable Codes: Create"
	PermissionAccessKey        Permission = "Access Key"
	PermissionAgentSessions    Permission = "Agent Session Control Via API"
)

// A route is one line of what the tenant serves.
type route struct {
	pattern   string
	handle    func(*Tenant, *call) reply
	needs     Permission // "" for nothing beyond signing in
	open      bool       // no access token needed
	simulated bool       // part of the simulated adapter contract (INVENTED)
}

// routes lists everything the tenant serves, by API family.
func routes() []route {
	list := []route{
		{pattern: "GET /.well-known/openid-configuration", handle: (*Tenant).openIDConfiguration, open: true},
		{pattern: "GET /.well-known/cxone-configuration", handle: (*Tenant).cxoneConfiguration, open: true},
		{pattern: "POST /authentication/v1/token/access-key", handle: (*Tenant).signInByKey, open: true},
		{pattern: "POST /public/user/refresh", handle: (*Tenant).refreshKeyToken, open: true},
		{pattern: "GET /auth/authorize", handle: (*Tenant).authorize, open: true},
		{pattern: "POST /auth/token", handle: (*Tenant).token, open: true},
		{pattern: "GET /auth/jwks", handle: (*Tenant).jwks, open: true},
		{pattern: "GET /auth/userinfo", handle: (*Tenant).userinfo},
		{pattern: "POST /incontactauthorizationserver/token/whoami", handle: (*Tenant).whoami, open: true},

		{pattern: "GET /adapter-apis/v1/{partner}/rule/{organization}", handle: (*Tenant).ruleForCaller},
	}
	list = append(list, acdRoutes()...)
	list = append(list, userHubRoutes()...)
	return append(list, adapterRoutes()...)
}

func acdRoutes() []route {
	list := []route{
		{pattern: "GET business-unit", handle: (*Tenant).getBusinessUnit},
		{pattern: "GET server-time", handle: (*Tenant).serverTime},
		{pattern: "GET apiversion", handle: (*Tenant).apiVersion},

		{pattern: "GET agents", handle: (*Tenant).listAgents},
		{pattern: "POST agents", handle: (*Tenant).createAgents},
		{pattern: "PUT agents", handle: (*Tenant).updateAgents},
		{pattern: "GET agents/{agentId}", handle: (*Tenant).getAgent},

		{pattern: "GET agents-states", handle: (*Tenant).stateCatalogue},
		{pattern: "GET agents/states", handle: (*Tenant).listStates},
		{pattern: "GET agents/{agentId}/agent-settings", handle: (*Tenant).agentSettings},
		{pattern: "GET agents/{agentId}/indicators", handle: (*Tenant).agentIndicators},
		{pattern: "GET cache/agentstate", handle: (*Tenant).cachedStates},
		{pattern: "GET agents/{agentId}/states", handle: (*Tenant).statesOfAgent},
		// Which permission these two need is UNCERTAIN.
		{pattern: "POST agents/{agentId}/state", handle: (*Tenant).setState, needs: PermissionAgentSessions},
		{pattern: "POST agents/{agentId}/logout", handle: (*Tenant).logOut, needs: PermissionAgentSessions},

		{pattern: "GET teams", handle: (*Tenant).listTeams},
		{pattern: "GET teams/{teamId}", handle: (*Tenant).getTeam},
		{pattern: "GET teams/{teamId}/agents", handle: (*Tenant).agentsOfTeam},
		{pattern: "GET teams/{teamId}/unavailable-codes", handle: (*Tenant).codesOfTeam},
		{pattern: "POST teams/{teamId}/unavailable-codes", handle: (*Tenant).addCodesToTeam, needs: PermissionUnavailableCodes},
		{pattern: "PUT teams/{teamId}/unavailable-codes", handle: (*Tenant).replaceCodesOfTeam, needs: PermissionUnavailableCodes},
		{pattern: "DELETE teams/{teamId}/unavailable-codes", handle: (*Tenant).removeCodesFromTeam, needs: PermissionUnavailableCodes},

		// There is no DELETE of a code: it can only be deactivated (VERIFIED).
		{pattern: "GET unavailable-codes", handle: (*Tenant).listCodes},
		{pattern: "POST unavailable-codes", handle: (*Tenant).createCode, needs: PermissionUnavailableCodes},
		{pattern: "GET unavailable-codes/{codeId}", handle: (*Tenant).getCode},
		{pattern: "PUT unavailable-codes/{codeId}", handle: (*Tenant).updateCode, needs: PermissionUnavailableCodes},
		{pattern: "PATCH unavailable-codes/{codeId}/status", handle: (*Tenant).setCodeStatus, needs: PermissionUnavailableCodes},
		{pattern: "GET unavailable-codes/{codeId}/teams", handle: (*Tenant).teamsOfCode},
		{pattern: "GET unavailable-codes/{codeId}/teams/unassigned", handle: (*Tenant).teamsWithoutCode},
		{pattern: "POST unavailable-codes/{codeId}/teams", handle: (*Tenant).addTeamsToCode, needs: PermissionUnavailableCodes},
		{pattern: "PUT unavailable-codes/{codeId}/teams", handle: (*Tenant).replaceTeamsOfCode, needs: PermissionUnavailableCodes},
		{pattern: "DELETE unavailable-codes/{codeId}/teams", handle: (*Tenant).removeTeamsFromCode, needs: PermissionUnavailableCodes},
	}
	list = append(list, agentSessionRoutes()...)
	for i := range list {
		list[i].pattern = under(acdRoot, list[i].pattern)
	}
	return list
}

func userHubRoutes() []route {
	list := []route{
		{pattern: "GET user-management/v1/users", handle: (*Tenant).listUsers},
		{pattern: "GET user-management/v1/users/{userId}", handle: (*Tenant).getUser},
		{pattern: "GET user-management/v3/users/{userId}", handle: (*Tenant).getUser},
		{pattern: "POST user-management/v2/users/search", handle: (*Tenant).searchUsers},
		{pattern: "GET user-management/v3/teams", handle: (*Tenant).listHubTeams},
		{pattern: "GET user-management/v3/teams/{teamId}", handle: (*Tenant).getHubTeam},
		{pattern: "POST user-management/v4/teams/search", handle: (*Tenant).searchHubTeams},

		{pattern: "GET access-key-management/v1/access-keys", handle: (*Tenant).listKeys, needs: PermissionAccessKey},
		{pattern: "POST access-key-management/v1/access-keys", handle: (*Tenant).createKey, needs: PermissionAccessKey},
		{pattern: "PATCH access-key-management/v1/access-keys", handle: (*Tenant).setKeyStatus, needs: PermissionAccessKey},
		{pattern: "GET access-key-management/v1/access-keys/{accessKeyId}", handle: (*Tenant).getKey, needs: PermissionAccessKey},
		{pattern: "DELETE access-key-management/v1/access-keys/{accessKeyId}", handle: (*Tenant).deleteKey, needs: PermissionAccessKey},
	}
	for i := range list {
		list[i].pattern = under("/", list[i].pattern)
	}
	return list
}

// under puts a root before a pattern's path.
func under(root, pattern string) string {
	method, path := splitPattern(pattern)
	return method + " " + root + path
}
