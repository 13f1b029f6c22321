package salesforce

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A session is what an access token stands for.
type session struct {
	userID    string // 18 characters
	username  string
	clientID  string
	scopes    []string
	jwtFormat bool // SOAP never accepts a token of this format (VERIFIED)

	token   string
	expires time.Time
}

// session returns what a token stands for. Using an opaque token keeps it
// alive, as the session policy does; a token in JWT format ends when it says.
func (o *Org) session(token string) (*session, bool) {
	s := o.sessions[token]
	if s == nil {
		return nil, false
	}
	now := o.options.Now()
	if !now.Before(s.expires) {
		delete(o.sessions, token)
		return nil, false
	}
	if !s.jwtFormat {
		s.expires = now.Add(o.options.SessionLifetime)
	}
	return s, true
}

// bearer returns the session of a REST request. Bearer is usual; restforce and
// jsforce's streaming say OAuth.
func (o *Org) bearer(r *http.Request) (*session, bool) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "OAuth") {
		return nil, false
	}
	return o.session(token)
}

// open starts a session for a user.
func (o *Org) open(client client, user row) *session {
	now := o.options.Now()
	s := &session{
		userID: user.text("Id"), username: user.text("Username"), clientID: client.id,
		scopes: []string{"api", "web", "full", "refresh_token", "visualforce"}, jwtFormat: client.jwtTokens,
		expires: now.Add(o.options.SessionLifetime),
	}
	o.store.serial++
	unique := derive("session", s.username, s.clientID, now.String(), strconv.Itoa(o.store.serial))
	s.token = o.organization()[:15] + "!AQ" + unique
	if s.jwtFormat {
		s.token = jwtToken(o, s, unique)
	}
	o.sessions[s.token] = s
	return s
}

// ExpireSessions ends every session, as an administrator or a release does.
func (o *Org) ExpireSessions() {
	o.store.Lock()
	defer o.store.Unlock()
	clear(o.sessions)
	o.bus.wake() // the streams learn of it at once
}

// organization is the org's 18-character Id.
func (o *Org) organization() string { return o.store.rows("Organization")[0].text("Id") }

// permitted reports whether a user holds a permission such as ViewSetup,
// through the profile or through a permission set.
func (o *Org) permitted(userID, permission string) bool {
	return slices.ContainsFunc(o.grants(userID), func(holder row) bool {
		granted, _ := holder["Permissions"+permission].(bool)
		return granted
	})
}

// grants returns what gives a user permissions: the profile's permission set
// and those assigned.
func (o *Org) grants(userID string) []row {
	var holders []row
	if user := o.store.byID("User", userID); user != nil {
		holders = append(holders, o.store.all("PermissionSet", "ProfileId", user.text("ProfileId"))...)
	}
	for _, assigned := range o.store.all("PermissionSetAssignment", "AssigneeId", userID) {
		if set := o.store.byID("PermissionSet", assigned.text("PermissionSetId")); set != nil {
			holders = append(holders, set)
		}
	}
	return holders
}

// Deny takes permissions such as ViewDeveloperName from every profile and
// permission set.
func (o *Org) Deny(permissions ...string) {
	o.store.Lock()
	defer o.store.Unlock()
	for _, sobject := range []string{"Profile", "PermissionSet"} {
		for _, holder := range o.store.rows(sobject) {
			for _, permission := range permissions {
				holder["Permissions"+permission] = false
			}
		}
	}
}
