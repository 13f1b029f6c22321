package cxone

import (
	"context"
	"net/http"
	"net/url"
)

// epoch is the time that asks for everything, as NICE's own client writes it in
// its first poll (VERIFIED).
const epoch = "1970-01-01T00:00:00.000Z"

// stateFields is what is asked for of each agent, by the names of the vendor's
// specification (VERIFIED). It is a third of what there is, the agents' names
// among the rest.
const stateFields = "agentId,agentStateId,agentStateName,outStateId,outStateDescription,isACW,startDate,lastUpdateTime"

// A reading is the rows of all pages, one of each agent, the freshest.
type reading struct {
	rows  []stateRow
	total int    // how many the server says there are
	mark  string // the lastPollTime of the first page
	// unmodified says that the answer was 304: nothing new, which holds no list.
	// The vendor's empty list is a 204, or one that says totalRecords 0.
	unmodified bool

	bad   []string // why, for rows that make no sense
	doubt []string // the agents of these, where they can be told

	place map[scalar]int // of an agent's row
}

// isShort reports whether fewer agents came than there are.
func (r *reading) isShort() bool { return len(r.rows)+len(r.bad) < r.total }

func (c *Connection) statesPath() string { return c.ACD("/agents/states") }

func (p *Presence) readStates(ctx context.Context, since string) (reading, error) {
	r := reading{place: map[scalar]int{}}
	query := url.Values{"updatedSince": {since}, "fields": {stateFields}}
	err := eachPage(ctx, p.connection, p.connection.statesPath(), query, "agentStates", func(page page[readRow]) error {
		page.answer.tell(&p.clock)
		return r.add(page)
	})
	return r, err
}

// mark asks what the server's lastPollTime is before everything is read, so
// that the first poll after that has a time to go back to.
func (p *Presence) mark(ctx context.Context) (string, error) {
	answer, err := p.connection.Get(ctx, p.connection.statesPath(), url.Values{"updatedSince": {epoch}, "top": {"1"}})
	if err != nil {
		return "", err
	}
	page, err := readPage[readRow](answer, "agentStates")
	if err != nil {
		return "", err
	}
	answer.tell(&p.clock)
	var r reading
	return r.mark, r.takeMark(page)
}

// add takes in a page.
func (r *reading) add(page page[readRow]) error {
	if err := r.takeMark(page); err != nil {
		return err
	}
	r.total = page.total
	r.unmodified = r.unmodified || page.answer.Status == http.StatusNotModified
	for i := range page.rows {
		switch row := &page.rows[i]; {
		case row.wrong:
			r.skip(row.Agent, "the row has the wrong shape")
		case row.Agent == "":
			r.skip("", "the row names no agent")
		default:
			r.put(row.stateRow)
		}
	}
	return nil
}

// takeMark keeps the first page's lastPollTime: what changes while the others
// are read is asked for again. Without one there is no way to go on.
func (r *reading) takeMark(page page[readRow]) error {
	if r.mark != "" || page.body == nil {
		return nil
	}
	if r.mark = page.body.Text("lastPollTime"); r.mark == "" {
		return page.answer.response.Bad(`answer holds no "lastPollTime"`, nil)
	}
	return nil
}

func (r *reading) put(row stateRow) {
	if i, seen := r.place[row.Agent]; seen {
		r.rows[i] = row
		return
	}
	r.place[row.Agent] = len(r.rows)
	r.rows = append(r.rows, row)
}

func (r *reading) skip(agent scalar, why string) {
	r.bad = append(r.bad, why)
	if agent != "" {
		r.doubt = append(r.doubt, string(agent))
	}
}
