package cxone

import (
	"net/http"
	"strconv"
	"strings"
)

func (t *Tenant) keyRow(k *accessKey) row {
	shown := row{
		"accessKeyId": k.id, "userId": k.owner.userID, "tenantId": t.id, "isActive": k.active,
		"agentId": k.owner.agentID, "billingId": t.businessUnit, "lastUsedDate": nil,
	}
	if !k.lastUsed.IsZero() {
		shown["lastUsedDate"] = timestamp(k.lastUsed)
	}
	return shown
}

func (t *Tenant) listKeys(c *call) reply {
	user, agent := c.query.Get("userId"), c.query.Get("agentId")
	var found []*accessKey
	for _, k := range t.store.keys.rows {
		if (user == "" || strings.EqualFold(user, k.owner.userID)) &&
			(agent == "" || agent == strconv.Itoa(k.owner.agentID)) {
			found = append(found, k)
		}
	}
	return page(c, listing[*accessKey]{plural: "accessKeys", items: found, row: t.keyRow, links: true})
}

// createKey shows the secret, for the only time (VERIFIED).
func (t *Tenant) createKey(c *call) reply {
	body, err := decode[struct {
		UserID   string `json:"userId"`
		TenantID string `json:"tenantId"`
	}](c)
	if err != nil {
		return refused(err)
	}
	owner := t.store.people.get(strings.ToLower(body.UserID))
	if owner == nil || !owner.active {
		return refuse(http.StatusBadRequest, "userId names no active user")
	}
	if body.TenantID != "" && !strings.EqualFold(body.TenantID, t.id) {
		return refuse(http.StatusBadRequest, "tenantId is another tenant's")
	}
	made := t.newAccessKey(owner)
	shown := t.keyRow(made)
	shown["accessKeySecret"] = made.secret
	delete(shown, "lastUsedDate")
	return ok(row{"resultSet": shown})
}

// newAccessKey makes a key for a person.
func (t *Tenant) newAccessKey(owner *person) *accessKey {
	t.store.serial++
	serial := strconv.Itoa(t.store.serial)
	made := &accessKey{
		id: newKey(t.id, "key", serial), secret: newKey(t.id, "secret", serial),
		owner: owner, active: true,
	}
	t.store.keys.add(made)
	return made
}

var noKey = refuse(http.StatusNotFound, "there is no access key of this id")

func (t *Tenant) getKey(c *call) reply {
	held := t.store.keys.get(c.PathValue("accessKeyId"))
	if held == nil {
		return noKey
	}
	return ok(row{"resultSet": t.keyRow(held)})
}

// setKeyStatus names the key in the query, unlike getKey (VERIFIED).
func (t *Tenant) setKeyStatus(c *call) reply {
	held := t.store.keys.get(c.query.Get("accessKeyId"))
	if held == nil {
		return noKey
	}
	body, err := decode[struct {
		IsActive *bool `json:"isActive"`
	}](c)
	if err != nil {
		return refused(err)
	}
	if body.IsActive == nil {
		return refuse(http.StatusBadRequest, "isActive is required")
	}
	held.active = *body.IsActive
	return empty(http.StatusOK)
}

func (t *Tenant) deleteKey(c *call) reply {
	held := t.store.keys.get(c.PathValue("accessKeyId"))
	if held == nil {
		return noKey
	}
	t.store.dropKey(held)
	return empty(http.StatusNoContent)
}
