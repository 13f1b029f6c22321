package cxone

import (
	"errors"
	"net/http"
	"slices"
	"strings"
)

// An environment is a Salesforce org as an administrator describes it to
// CXone. Password and client secret are never shown again.
type environment struct {
	id, name       string
	organizationID string // 15 characters
	platform       string // Production | Sandbox
	userName       string
	password       string
	clientID       string
	clientSecret   string
	emails         []string
}

func environmentRow(e *environment) row {
	return row{
		"environmentId": e.id, "environmentName": e.name, "organizationId": e.organizationID,
		"platformVersion": e.platform, "userName": e.userName, "clientId": e.clientID,
		"emailAddresses": slices.Clone(e.emails),
	}
}

// An environmentBody creates or replaces an environment. An update that
// leaves password or clientSecret out keeps them.
type environmentBody struct {
	Name           string   `json:"environmentName"`
	OrganizationID string   `json:"organizationId"`
	Platform       string   `json:"platformVersion"`
	UserName       string   `json:"userName"`
	Password       *string  `json:"password"`
	ClientID       string   `json:"clientId"`
	ClientSecret   *string  `json:"clientSecret"`
	Emails         []string `json:"emailAddresses"`
}

// check says what is wrong with a body for held, which is nil for a new
// environment.
func (b environmentBody) check(s *store, held *environment) error {
	err := required("environmentName", strings.TrimSpace(b.Name), "organizationId", b.OrganizationID,
		"platformVersion", b.Platform, "userName", b.UserName, "clientId", b.ClientID)
	switch {
	case err != nil:
		return err
	case len(b.OrganizationID) != 15:
		return errors.New("organizationId must have 15 characters")
	case b.Platform != "Production" && b.Platform != "Sandbox":
		return errors.New("platformVersion must be Production or Sandbox")
	}
	if err := checkSecret("password", b.Password, held == nil); err != nil {
		return err
	}
	if err := checkSecret("clientSecret", b.ClientSecret, held == nil); err != nil {
		return err
	}
	if err := checkEmails(b.Emails); err != nil {
		return err
	}
	return b.checkTwins(s, held)
}

func (b environmentBody) checkTwins(s *store, held *environment) error {
	for _, other := range s.environments.rows {
		switch {
		case other == held:
		case strings.EqualFold(other.name, b.Name):
			return conflict("an environment named %q exists", other.name)
		case sameOrganization(other.organizationID, b.OrganizationID):
			return conflict("the environment %q has this organization id", other.name)
		}
	}
	return nil
}

func checkSecret(name string, given *string, needed bool) error {
	if given == nil && needed || given != nil && *given == "" {
		return errors.New(name + " is required")
	}
	return nil
}

func checkEmails(emails []string) error {
	if len(emails) == 0 {
		return errors.New("emailAddresses is required")
	}
	for _, email := range emails {
		if name, domain, found := strings.Cut(email, "@"); !found || name == "" || domain == "" {
			return errors.New("emailAddresses holds something that is no e-mail address")
		}
	}
	return nil
}

// fill gives an environment what the body says.
func (b environmentBody) fill(e *environment) {
	e.name, e.organizationID, e.platform = b.Name, b.OrganizationID, b.Platform
	e.userName, e.clientID, e.emails = b.UserName, b.ClientID, b.Emails
	setIf(&e.password, b.Password)
	setIf(&e.clientSecret, b.ClientSecret)
}

var noEnvironment = refuse(http.StatusNotFound, "there is no environment of this id")

func (t *Tenant) listEnvironments(c *call) reply {
	return page(c, listing[*environment]{
		plural: "environments", items: t.store.environments.rows, row: environmentRow, links: true,
	})
}

func (t *Tenant) getEnvironment(c *call) reply {
	held := t.store.environments.get(c.PathValue("id"))
	if held == nil {
		return noEnvironment
	}
	return ok(environmentRow(held))
}

func (t *Tenant) createEnvironment(c *call) reply {
	body, err := decodeStrict[environmentBody](c)
	if err == nil {
		err = body.check(t.store, nil)
	}
	if err != nil {
		return refused(err)
	}
	made := &environment{id: t.newID("environment")}
	body.fill(made)
	t.store.environments.add(made)
	return created(environmentRow(made))
}

func (t *Tenant) updateEnvironment(c *call) reply {
	held := t.store.environments.get(c.PathValue("id"))
	if held == nil {
		return noEnvironment
	}
	body, err := decodeStrict[environmentBody](c)
	if err == nil {
		err = body.check(t.store, held)
	}
	if err != nil {
		return refused(err)
	}
	t.store.environments.change(held, func() { body.fill(held) })
	return ok(environmentRow(held))
}

func (t *Tenant) deleteEnvironment(c *call) reply {
	held := t.store.environments.get(c.PathValue("id"))
	if held == nil {
		return noEnvironment
	}
	if t.store.mappings.named(held.id) != nil {
		return refuse(http.StatusConflict, "an account mapping uses the environment")
	}
	t.store.environments.remove(held)
	return empty(http.StatusNoContent)
}
