package cxone

import (
	"errors"
	"net/http"
	"strings"
)

// A mapping connects CXone to an environment: the key lets the adapters act
// as its owner.
type mapping struct {
	id          string
	key         *accessKey
	environment *environment
}

// live reports whether the mapping works. It stops, without a word, when its
// key or the key's user is deactivated (VERIFIED of the product).
func (m *mapping) live() bool { return m.key.active && m.key.owner.active }

func mappingRow(m *mapping) row {
	shown := row{
		"accountMappingId": m.id, "userId": m.key.owner.userID, "accessKeyId": m.key.id,
		"environmentId": m.environment.id, "status": "ACTIVE",
	}
	if !m.live() {
		shown["status"] = "INACTIVE"
	}
	return shown
}

type mappingBody struct {
	UserID        string `json:"userId"`
	EnvironmentID string `json:"environmentId"`
}

// parts returns what a body names, for held or, when that is nil, for a new
// mapping.
func (b mappingBody) parts(s *store, held *mapping) (*person, *environment, error) {
	owner := s.people.get(strings.ToLower(b.UserID))
	if owner == nil || !owner.active {
		return nil, nil, errors.New("userId names no active user")
	}
	at := s.environments.get(b.EnvironmentID)
	if at == nil {
		return nil, nil, errors.New("environmentId names no environment")
	}
	if twin := s.mappings.named(at.id); twin != nil && twin != held {
		return nil, nil, conflict("the environment %q has an account mapping", at.name)
	}
	return owner, at, nil
}

var noMapping = refuse(http.StatusNotFound, "there is no account mapping of this id")

func (t *Tenant) listMappings(c *call) reply {
	return page(c, listing[*mapping]{
		plural: "accountMappings", items: t.store.mappings.rows, row: mappingRow, links: true,
	})
}

func (t *Tenant) getMapping(c *call) reply {
	held := t.store.mappings.get(c.PathValue("id"))
	if held == nil {
		return noMapping
	}
	return ok(mappingRow(held))
}

// readMapping decodes a body and finds what it names.
func (t *Tenant) readMapping(c *call, held *mapping) (*person, *environment, error) {
	body, err := decodeStrict[mappingBody](c)
	if err != nil {
		return nil, nil, err
	}
	return body.parts(t.store, held)
}

// createMapping makes the access key: choosing the user is all it takes.
func (t *Tenant) createMapping(c *call) reply {
	owner, at, err := t.readMapping(c, nil)
	if err != nil {
		return refused(err)
	}
	made := &mapping{id: t.newID("mapping"), key: t.newAccessKey(owner), environment: at}
	t.store.mappings.add(made)
	return created(mappingRow(made))
}

// updateMapping makes another key when another user is chosen.
func (t *Tenant) updateMapping(c *call) reply {
	held := t.store.mappings.get(c.PathValue("id"))
	if held == nil {
		return noMapping
	}
	owner, at, err := t.readMapping(c, held)
	if err != nil {
		return refused(err)
	}
	if owner != held.key.owner {
		t.store.dropKey(held.key)
		held.key = t.newAccessKey(owner)
	}
	t.store.mappings.change(held, func() { held.environment = at })
	return ok(mappingRow(held))
}

func (t *Tenant) deleteMapping(c *call) reply {
	held := t.store.mappings.get(c.PathValue("id"))
	if held == nil {
		return noMapping
	}
	for _, r := range t.store.rules.rows {
		if r.mapping == held {
			return refused(conflict("the rule %q uses the account mapping", r.name))
		}
	}
	t.store.dropKey(held.key)
	t.store.mappings.remove(held)
	return empty(http.StatusNoContent)
}

// dropKey deletes a key; the tokens that it gave die with it.
func (s *store) dropKey(k *accessKey) {
	k.active = false
	s.keys.remove(k)
}
