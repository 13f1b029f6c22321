package cxone

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strconv"
)

// teamCodeRow is a code as a team shows it. NICE's own client reads
// outStateId and outStateName; the v34 description says outstateId and
// outstateName (VERIFIED, both).
func (t *Tenant) teamCodeRow(held *code) row {
	shown := hubCodeRow(held)
	if t.quirks.LowerOutstate {
		shown["outstateId"], shown["outstateName"] = shown["outStateId"], shown["outStateName"]
		delete(shown, "outStateId")
		delete(shown, "outStateName")
	}
	return shown
}

// codesOfTeam lists all of a team's codes at once, active and inactive unless
// activeOnly is true. NICE's client writes activityOnly, which is ignored like
// any unknown query (VERIFIED).
func (t *Tenant) codesOfTeam(c *call) reply {
	held := c.team()
	if held == nil {
		return noTeam
	}
	activeOnly, err := c.truth("activeOnly")
	if err != nil {
		return refused(err)
	}
	rows := []row{}
	for _, listed := range t.store.codesOf(held) {
		if activeOnly == nil || !*activeOnly || listed.active {
			rows = append(rows, t.teamCodeRow(listed))
		}
	}
	answer := row{
		"teamId": held.id, "teamName": held.name, "teamUuid": held.uuid, "divisionNo": 0,
		"unavailableCodes": rows,
	}
	if t.quirks.ResultSet {
		answer = row{"resultSet": answer}
	}
	return ok(answer)
}

// A codeRef names a code in any of the three spellings.
type codeRef struct{ id ident }

// UnmarshalJSON reads outStateId or outstateId; encoding/json matches names
// without regard to case.
func (r *codeRef) UnmarshalJSON(data []byte) error {
	var entry struct {
		OutStateID ident `json:"outStateId"`
	}
	err := json.Unmarshal(data, &entry)
	r.id = entry.OutStateID
	return err
}

// readCodes returns the codes that a body names under codes or under
// unavailableCodes: the sources use both.
func readCodes(c *call) ([]codeRef, error) {
	body, err := decode[struct {
		Codes            []codeRef `json:"codes"`
		UnavailableCodes []codeRef `json:"unavailableCodes"`
	}](c)
	if err != nil {
		return nil, err
	}
	if body.Codes == nil && body.UnavailableCodes == nil {
		return nil, errors.New("codes is required")
	}
	return append(body.Codes, body.UnavailableCodes...), nil
}

// addCodesToTeam wraps its results, removeCodesFromTeam does not (VERIFIED).
func (t *Tenant) addCodesToTeam(c *call) reply {
	a := t.moveCodes(c, func(to *team, code int) { t.assign(to, code, true) })
	if a.reason != "" {
		return a
	}
	return ok(row{"resultSet": a.body})
}

func (t *Tenant) removeCodesFromTeam(c *call) reply {
	return t.moveCodes(c, func(to *team, code int) { t.assign(to, code, false) })
}

// replaceCodesOfTeam makes the body's codes the team's only ones. Rows that
// name no code fail and do not stop the others (UNCERTAIN).
func (t *Tenant) replaceCodesOfTeam(c *call) reply {
	keep := map[int]bool{}
	a := t.moveCodes(c, func(_ *team, code int) { keep[code] = true })
	if held := c.team(); a.reason == "" && !maps.Equal(keep, held.codes) {
		held.codes, held.updated = keep, t.store.stamp()
		t.tellCodes(held)
	}
	return a
}

// moveCodes does one thing with each code that a body names, and reports it
// row by row.
func (t *Tenant) moveCodes(c *call, move func(*team, int)) reply {
	held := c.team()
	if held == nil {
		return noTeam
	}
	refs, err := readCodes(c)
	if err != nil {
		return refused(err)
	}
	failed, results := 0, []row{}
	for _, ref := range refs {
		id, err := strconv.Atoi(string(ref.id))
		if err != nil || t.store.codes.get(id) == nil {
			failed++
			results = append(results, row{"outstateId": string(ref.id), "success": false, "error": "Invalid outstateId"})
			continue
		}
		move(held, id)
		results = append(results, row{"outstateId": id, "success": true, "error": ""})
	}
	return reply{status: http.StatusOK, body: row{"errorCount": failed, "codeResults": results}}
}
