package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
)

// A snapshot holds the tables that one reading looked at. Each is loaded once,
// however many kinds ask for it, and five of them cost one call.
type snapshot struct {
	statuses       []statusRow
	channels       []channelRow
	channelLinks   []channelLinkRow
	profiles       []profileRow
	permissionSets []permissionSetRow
	users          []userRow
	assignments    []assignmentRow
	licences       []licenceRow
	userLicences   []userLicenceRow
	streams        []streamRow
	packages       []packageRow
	eventMembers   []eventMemberRow

	listing []FileProperties // of the metadata types that kinds list
	index   *index           // over the tables; see look

	apps   appMemory    // what reading connected apps found, by API name
	bridge bridgeMemory // what reading bridges found

	// omniOff is set when the org does not know presence statuses at all.
	omniOff bool
	// namesHidden is set when the org knows them and no developer name, by
	// which they are found.
	namesHidden bool

	near []string // user names that resemble listed ones which are not there
}

// A table is one query and where its rows go.
type table struct {
	name    string // for messages: presence statuses
	soql    string
	tooling bool // served by the Tooling API
	omni    bool // does not exist while Omni-Channel is off
	keep    func(context.Context, *Connection, json.RawMessage, *snapshot) error
}

// tableOf makes a table whose rows are kept in a field of the snapshot.
func tableOf[T any](name, soql string, field func(*snapshot) *[]T) table {
	return table{
		name: name, soql: soql,
		keep: func(ctx context.Context, c *Connection, body json.RawMessage, s *snapshot) error {
			page, err := pageOf[T](body)
			if err != nil {
				return err
			}
			rows, err := page.All(ctx, c)
			if err != nil {
				return err
			}
			*field(s) = rows
			return nil
		},
	}
}

// ofOmni says that the table does not exist while Omni-Channel is off.
func (t table) ofOmni() table { t.omni = true; return t }

// viaTooling says that the Tooling API serves the table.
func (t table) viaTooling() table { t.tooling = true; return t }

// load fills the tables, five queries to a call, those of the Tooling API
// apart. A query that has more pages costs a call for each.
func (s *snapshot) load(ctx context.Context, c *Connection, tables []table) error {
	tables = distinct(tables)
	viaTooling := slices.DeleteFunc(slices.Clone(tables), func(t table) bool { return !t.tooling })
	others := slices.DeleteFunc(tables, func(t table) bool { return t.tooling })
	if err := s.loadThrough(ctx, c, c.Composite, "/query", others); err != nil {
		return err
	}
	return s.loadThrough(ctx, c, c.ToolingComposite, "/tooling/query", viaTooling)
}

func distinct(tables []table) []table {
	seen := make(map[string]bool, len(tables))
	var once []table
	for _, t := range tables {
		if !seen[t.soql] {
			seen[t.soql] = true
			once = append(once, t)
		}
	}
	return once
}

// loadThrough fills tables that one API serves.
func (s *snapshot) loadThrough(ctx context.Context, c *Connection, send func(context.Context, []Subrequest) []Subresponse, resource string, tables []table) error {
	requests := make([]Subrequest, len(tables))
	for i, t := range tables {
		requests[i] = Subrequest{Method: "GET", Path: resource + "?q=" + url.QueryEscape(t.soql)}
	}
	for i, answer := range send(ctx, requests) {
		if err := s.take(ctx, c, tables[i], answer.Body, answer.Err); err != nil {
			return err
		}
	}
	return nil
}

// take keeps a query's rows. A type that does not exist is how an org without
// Omni-Channel answers (SECONDARY: INVALID_TYPE); a field that does not exist,
// how one answers where the user may not see it (UNCERTAIN for DeveloperName;
// rows without it are understood as well).
func (s *snapshot) take(ctx context.Context, c *Connection, t table, body json.RawMessage, err error) error {
	switch {
	case t.omni && rest.CodeOf(err) == "INVALID_TYPE":
		s.omniOff = true
		return nil
	case t.omni && rest.CodeOf(err) == "INVALID_FIELD" && strings.Contains(err.Error(), "DeveloperName"):
		s.namesHidden = true
		return nil
	case err == nil:
		err = t.keep(ctx, c, body, s)
	}
	if err != nil {
		return fmt.Errorf("list %s: %w", t.name, err)
	}
	return nil
}

// inList returns soql with the values in place of its %s, or whole when that
// makes a request line that the vendor's edge may refuse: reading a table page
// by page is cheaper than many short lists.
func inList(soql string, values []string, whole string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = Quote(v)
	}
	listed := strings.ReplaceAll(soql, "%s", strings.Join(quoted, ","))
	if len(url.QueryEscape(listed)) > maxEncodedQuery {
		return whole
	}
	return listed
}

// maxEncodedQuery is how long an encoded query may be: the edge answers 431 to
// over-long request lines (VERIFIED status; about 12,000 was seen to pass).
const maxEncodedQuery = 11_500

// A memory keeps the newest snapshot, so that a wave can be arranged without
// asking again for the Ids that the reading before it saw.
type memory struct {
	sync.Mutex
	last *snapshot
}

var errNotRead = errors.New("the org has not been read yet")

// next returns a copy of the newest snapshot for a reading to refresh.
func (m *memory) next() *snapshot {
	m.Lock()
	defer m.Unlock()
	if m.last == nil {
		return &snapshot{apps: appMemory{}, bridge: bridgeMemory{}}
	}
	next := *m.last
	next.omniOff, next.namesHidden, next.near, next.index = false, false, nil, nil
	return &next
}

func (m *memory) keep(s *snapshot) {
	m.Lock()
	defer m.Unlock()
	m.last = s
}

// forget lets go of the tables, and not of what single objects are known to be.
func (m *memory) forget() {
	m.Lock()
	defer m.Unlock()
	if m.last != nil {
		m.last = &snapshot{apps: m.last.apps, bridge: m.last.bridge}
	}
}
