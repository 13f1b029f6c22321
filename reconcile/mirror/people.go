package mirror

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/schema"
)

// A Match is two people who are the same.
type Match struct{ Salesforce, CXone *schema.Person }

// MatchPeople finds who is who. Explicit mappings come first and take both
// people out; the rest is matched by what the settings name. Whoever has
// nobody, several, or somebody inactive as a counterpart is told with the
// reason, and never guessed. Both lists are in the order of CXone's, then
// Salesforce's people.
func MatchPeople(salesforce, cxone []schema.Person, by Matching) ([]Match, []Strange) {
	m := matcher{by: by, users: salesforce, agents: cxone, user: make([]int, len(salesforce)), agent: make([]int, len(cxone))}
	for i := range m.user {
		m.user[i] = nobody
	}
	for i := range m.agent {
		m.agent[i] = nobody
	}
	m.mapped()
	m.rest()
	return m.matches(), m.strange
}

const (
	nobody = -1 // not matched, and nothing said about it yet
	told   = -2 // not matched, and it is said why
)

type matcher struct {
	by            Matching
	users, agents []schema.Person
	user, agent   []int // by person: the other's place, or nobody or told
	strange       []Strange
}

func (m *matcher) matches() []Match {
	list := make([]Match, 0, min(len(m.users), len(m.agents)))
	for i, u := range m.agent {
		if u >= 0 {
			list = append(list, Match{&m.users[u], &m.agents[i]})
		}
	}
	return list
}

func (m *matcher) tell(side string, p *schema.Person, format string, args ...any) {
	m.strange = append(m.strange, Strange{
		Side: side, ID: p.ID, Name: cmp.Or(p.Name, p.Username), Why: fmt.Sprintf(format, args...),
		Team: p.Team, Login: p.Username, Email: p.Email,
	})
}

// Reached returns those of the unmatched who are to be kept in step: CXone's
// people whom a rule reaches, and whom a user_mapping means. An org has users
// without number who are nobody's agents, so any other user is told through the
// agent who lacks one.
func Reached(strange []Strange, rules *presence.Ruleset) []Strange {
	var reached []Strange
	for i := range strange {
		if p := &strange[i]; p.Mapping || p.Side == sideCXone && rules.For(p.Team, p.Login, p.Email) != nil {
			reached = append(reached, *p)
		}
	}
	return reached
}

// The sides as a [Strange] names them.
const (
	sideSalesforce = "salesforce"
	sideCXone      = "cxone"
)

// mapped pairs those whom a user_mapping names.
func (m *matcher) mapped() {
	users, agents := called(m.users, m.by.Mappings, true), called(m.agents, m.by.Mappings, false)
	for i := range m.by.Mappings {
		mapping, u, a := &m.by.Mappings[i], users[i], agents[i]
		if len(u) == 1 && len(a) == 1 {
			m.pair(mapping, u[0], a[0])
			continue
		}
		m.broken(mapping, u, a, fmt.Sprintf("a user_mapping joins %s and %s",
			meant(mapping.Salesforce, "Salesforce", len(u)), meant(mapping.CXone, "CXone", len(a))))
	}
}

// meant names a user of a mapping, with what is wrong about it.
func meant(name, vendor string, times int) string {
	switch times {
	case 0:
		return fmt.Sprintf("%q, whom %s does not know,", name, vendor)
	case 1:
		return fmt.Sprintf("%q", name)
	}
	return fmt.Sprintf("%q, whom %s knows %d times,", name, vendor, times)
}

// broken sets aside whom a mapping names that leads nowhere: they are not to be
// matched by anything else. What the file says is wrong is told even where that
// is nobody.
func (m *matcher) broken(mapping *UserMapping, users, agents []int, why string) {
	why = strings.TrimSuffix(why, ",")
	first := len(m.strange)
	for _, i := range agents {
		m.setAside(m.agent, i, sideCXone, &m.agents[i], "%s", why)
	}
	for _, i := range users {
		m.setAside(m.user, i, sideSalesforce, &m.users[i], "%s", why)
	}
	if len(m.strange) == first {
		m.strange = append(m.strange, Strange{Side: sideCXone, Name: mapping.CXone, Why: why})
	}
	m.strange[first].Mapping = true
}

func (m *matcher) setAside(of []int, i int, side string, p *schema.Person, format string, args ...any) {
	if of[i] == nobody {
		of[i] = told
		m.tell(side, p, format, args...)
	}
}

// pair joins the two whom a mapping names. The configuration is checked for
// names that stand in two mappings, but not for two names of one person.
func (m *matcher) pair(mapping *UserMapping, u, a int) {
	user, agent := &m.users[u], &m.agents[a]
	switch {
	case m.user[u] != nobody || m.agent[a] != nobody:
		m.broken(mapping, nil, nil, fmt.Sprintf("a user_mapping joins %q and %q, and another has named one of the two before", mapping.Salesforce, mapping.CXone))
	case !user.Active:
		m.broken(mapping, []int{u}, []int{a}, fmt.Sprintf("a user_mapping joins %q, who is inactive, and %q", mapping.Salesforce, mapping.CXone))
	case !agent.Active:
		m.broken(mapping, []int{u}, []int{a}, fmt.Sprintf("a user_mapping joins %q and %q, who is inactive", mapping.Salesforce, mapping.CXone))
	default:
		m.user[u], m.agent[a] = a, u
	}
}

// called returns for each mapping the people whom it names.
func called(people []schema.Person, mappings []UserMapping, salesforce bool) [][]int {
	found := make([][]int, len(mappings))
	if len(mappings) == 0 {
		return found
	}
	wanted := make(map[string][]int, len(mappings))
	for i, mapping := range mappings {
		name := mapping.CXone
		if salesforce {
			name = mapping.Salesforce
		}
		wanted[strings.ToLower(name)] = append(wanted[strings.ToLower(name)], i)
	}
	for i := range people {
		p := &people[i]
		for _, name := range [...]string{p.ID, p.Username, p.Email} {
			for _, mapping := range wanted[strings.ToLower(name)] {
				if !slices.Contains(found[mapping], i) {
					found[mapping] = append(found[mapping], i)
				}
			}
		}
	}
	for n := range found {
		found[n] = preferUsernames(people, found[n], mappings[n], salesforce)
	}
	return found
}

// preferUsernames keeps, of several, the one whose Id or username it is.
func preferUsernames(people []schema.Person, found []int, mapping UserMapping, salesforce bool) []int {
	name := mapping.CXone
	if salesforce {
		name = mapping.Salesforce
	}
	for _, i := range found {
		if strings.EqualFold(people[i].ID, name) || strings.EqualFold(people[i].Username, name) {
			return []int{i}
		}
	}
	return found
}

// rest matches by what the settings name.
func (m *matcher) rest() {
	users := m.index(m.users, m.user, m.userMark)
	agents := m.index(m.agents, m.agent, m.agentMark)
	for i := range m.agents {
		if m.agent[i] == nobody && m.agents[i].Active {
			m.find(i, users, agents)
		}
	}
	for i := range m.users {
		if m.user[i] == nobody && m.users[i].Active {
			m.lonely(i, agents)
		}
	}
}

func (m *matcher) index(people []schema.Person, of []int, mark func(*schema.Person) string) map[string][]int {
	found := make(map[string][]int, len(people))
	for i := range people {
		if of[i] != nobody {
			continue
		}
		if name := mark(&people[i]); name != "" {
			found[name] = append(found[name], i)
		}
	}
	return found
}

// find looks for an agent's counterpart.
func (m *matcher) find(a int, users, agents map[string][]int) {
	agent := &m.agents[a]
	name := m.agentMark(agent)
	if name == "" {
		m.setAside(m.agent, a, sideCXone, agent, "CXone tells no %s", m.what())
		return
	}
	others, same := active(m.users, users[name]), active(m.agents, agents[name])
	switch {
	case len(same) > 1:
		m.setAside(m.agent, a, sideCXone, agent, "%d CXone agents have the %s %s", len(same), m.what(), name)
	case len(others) > 1:
		m.setAside(m.agent, a, sideCXone, agent, "%d Salesforce users have the %s %s", len(others), m.what(), name)
	case len(others) == 1:
		m.user[others[0]], m.agent[a] = a, others[0]
	case len(users[name]) > 0:
		m.setAside(m.agent, a, sideCXone, agent, "the Salesforce user %s is inactive", m.users[users[name][0]].Username)
	default:
		m.setAside(m.agent, a, sideCXone, agent, "no Salesforce user has the %s %s", m.what(), name)
	}
}

// lonely says why a user was matched with nobody.
func (m *matcher) lonely(u int, agents map[string][]int) {
	user := &m.users[u]
	name := m.userMark(user)
	if name == "" {
		m.setAside(m.user, u, sideSalesforce, user, "Salesforce tells no %s", m.what())
		return
	}
	switch found := agents[name]; {
	case len(active(m.agents, found)) > 1:
		m.setAside(m.user, u, sideSalesforce, user, "%d CXone agents have the %s %s", len(active(m.agents, found)), m.what(), name)
	case len(active(m.agents, found)) == 1:
		m.setAside(m.user, u, sideSalesforce, user, "several Salesforce users have the %s %s", m.what(), name)
	case len(found) > 0:
		m.setAside(m.user, u, sideSalesforce, user, "the CXone agent %s is inactive", m.agents[found[0]].Username)
	default:
		m.setAside(m.user, u, sideSalesforce, user, "no CXone agent has the %s %s", m.what(), name)
	}
}

func active(people []schema.Person, of []int) []int {
	var list []int
	for _, i := range of {
		if people[i].Active {
			list = append(list, i)
		}
	}
	return list
}

func (m *matcher) what() string {
	switch m.by.By {
	case ByUsername:
		return "username"
	case ByFederation:
		return "federation identifier"
	}
	return "e-mail address"
}

// agentMark returns what an agent is matched by. An agent without a federation
// identifier of its own goes by the username, which tenants with single sign-on
// set to it (INVENTED).
func (m *matcher) agentMark(p *schema.Person) string {
	switch m.by.By {
	case ByUsername:
		return strings.ToLower(p.Username)
	case ByFederation:
		return strings.ToLower(cmp.Or(p.Federation, p.Username))
	}
	return strings.ToLower(p.Email)
}

func (m *matcher) userMark(p *schema.Person) string {
	mark := p.Email
	switch m.by.By {
	case ByUsername:
		mark = p.Username
	case ByFederation:
		mark = p.Federation
	}
	mark = strings.ToLower(mark)
	for _, end := range m.by.Strip {
		if rest, cut := strings.CutSuffix(mark, strings.ToLower(end)); cut && end != "" && rest != "" {
			mark = rest
		}
	}
	return mark
}
