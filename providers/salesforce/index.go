package salesforce

import (
	"slices"
	"strings"
)

// An index finds a snapshot's rows by name or Id, so that ten thousand blocks
// do not walk a table ten thousand times.
type index struct {
	statuses map[string]bool              // by developer name
	channels map[string]bool              // by developer name
	labels   map[string]string            // of profiles, to their Ids
	folded   map[string]string            // lower-case label of a profile to its label
	users    map[string][]userRow         // by user name and by e-mail, in lower case
	assigned map[string]map[string]string // permission set to user to assignment, by short Id
	licensed map[string]map[string]string // licence to user to row, by short Id
}

// look returns the snapshot's index, which is made when first asked for.
func (s *snapshot) look() *index {
	if s.index == nil {
		s.index = newIndex(s)
	}
	return s.index
}

func newIndex(s *snapshot) *index {
	x := &index{
		statuses: make(map[string]bool, len(s.statuses)),
		channels: make(map[string]bool, len(s.channels)),
		labels:   make(map[string]string, len(s.profiles)),
		folded:   make(map[string]string, len(s.profiles)),
		users:    make(map[string][]userRow, len(s.users)),
		assigned: map[string]map[string]string{},
		licensed: map[string]map[string]string{},
	}
	for i := range s.statuses {
		x.statuses[s.statuses[i].DeveloperName] = true
	}
	for _, c := range s.channels {
		x.channels[c.DeveloperName] = true
	}
	for _, p := range s.profiles {
		x.labels[p.Name] = p.ID
		x.folded[strings.ToLower(p.Name)] = p.Name
	}
	for _, u := range s.users {
		name, email := strings.ToLower(u.Username), strings.ToLower(u.Email)
		x.users[name] = append(x.users[name], u)
		if email != name {
			x.users[email] = append(x.users[email], u)
		}
	}
	for _, row := range s.assignments {
		enter(x.assigned, row.PermissionSetID, row.AssigneeID, row.own())
	}
	for _, row := range s.userLicences {
		enter(x.licensed, row.PackageLicenseID, row.UserID, row.ID)
	}
	return x
}

func enter(holders map[string]map[string]string, what, user, row string) {
	what = ShortID(what)
	if holders[what] == nil {
		holders[what] = map[string]string{}
	}
	if held := holders[what][ShortID(user)]; held == "" || held == viaGroup {
		holders[what][ShortID(user)] = row
	}
}

// viaGroup stands for the row of a holder who has a permission set through a
// group: to delete that row would take the whole group away.
const viaGroup = "group"

// own returns the row's Id, [viaGroup] for one that a group brought.
func (row assignmentRow) own() string {
	if row.PermissionSetGroupID != "" {
		return viaGroup
	}
	return row.ID
}

// ownRows returns the Ids of rows that can be deleted one by one, sorted.
func ownRows(rows ...string) []string {
	own := slices.DeleteFunc(slices.Clone(rows), func(row string) bool { return row == "" || row == viaGroup })
	slices.Sort(own)
	return own
}

// profile finds a profile's label by its label or its API name. Salesforce
// ignores case in names, and so does a second look.
func (x *index) profile(name string) (label string, ok bool) {
	candidates := []string{name, DecodeFullName(name)}
	for _, standard := range standardProfiles {
		if name == standard.apiName {
			candidates = append(candidates, standard.label)
		}
	}
	for _, candidate := range candidates {
		if _, ok := x.labels[candidate]; ok {
			return candidate, true
		}
	}
	label, ok = x.folded[strings.ToLower(name)]
	return label, ok
}
