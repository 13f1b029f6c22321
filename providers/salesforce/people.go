package salesforce

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
	"github.com/lockstep-sync/lockstep/schema"
)

// personFields are what people are matched and named by.
const personFields = "Id, Name, Username, Email, FederationIdentifier, IsActive"

type personRow struct {
	ID                   string `json:"Id"`
	Name                 string
	Username             string
	Email                string
	FederationIdentifier string
	IsActive             bool
}

func (r personRow) person() schema.Person {
	return schema.Person{
		ID: idOf(r.ID), Name: r.Name, Username: r.Username, Email: r.Email, Federation: r.FederationIdentifier, Active: r.IsActive,
	}
}

// People lists the active users who may show a presence: those to whom a
// profile or permission set gives a status, and who was seen with one all the
// same. Where the org does not show who has access (UNCERTAIN: the relation is
// in its schema and not in the documentation), all active users of the standard
// kind are listed.
func (p *Presence) People(ctx context.Context) ([]schema.Person, error) {
	rows, err := p.holders(ctx)
	if err != nil {
		return nil, fmt.Errorf("list people: %w", err)
	}
	people := map[string]schema.Person{}
	for _, row := range rows {
		people[idOf(row.ID)] = row.person()
	}
	var others []string
	for _, user := range p.book.seen() {
		if _, listed := people[user]; !listed {
			others = append(others, user)
		}
	}
	slices.Sort(others)
	more, err := queryIn[personRow](ctx, p.conn, "SELECT "+personFields+" FROM User WHERE IsActive = true AND Id IN (%s)", others)
	if err != nil {
		return nil, fmt.Errorf("list people: %w", err)
	}
	for _, row := range more {
		people[idOf(row.ID)] = row.person()
	}
	list := make([]schema.Person, 0, len(people))
	for _, person := range people {
		list = append(list, person)
	}
	slices.SortFunc(list, func(a, b schema.Person) int { return strings.Compare(a.ID, b.ID) })
	return list, nil
}

// holders reads who has access to a status, through whatever gives it.
func (p *Presence) holders(ctx context.Context) ([]personRow, error) {
	sets, err := p.givers(ctx)
	if err != nil {
		return nil, err
	}
	if len(sets) == 0 {
		return Query[personRow](ctx, p.conn, "SELECT "+personFields+" FROM User WHERE IsActive = true AND UserType = 'Standard'")
	}
	fields := "Assignee." + strings.ReplaceAll(personFields, ", ", ", Assignee.")
	rows, err := queryIn[struct{ Assignee personRow }](ctx, p.conn,
		"SELECT "+fields+" FROM PermissionSetAssignment WHERE Assignee.IsActive = true AND PermissionSetId IN (%s)", sets)
	if err != nil {
		return nil, err
	}
	people := make([]personRow, len(rows))
	for i, row := range rows {
		people[i] = row.Assignee
	}
	return people, nil
}

// givers lists the permission sets, those of profiles included, that give
// access to any status.
func (p *Presence) givers(ctx context.Context) ([]string, error) {
	rows, err := Query[struct {
		SetupEntityAccessItems *Children[struct {
			ParentID string `json:"ParentId"`
		}]
	}](ctx, p.conn, "SELECT Id, (SELECT ParentId FROM SetupEntityAccessItems) FROM ServicePresenceStatus")
	if code := rest.CodeOf(err); code == "INVALID_FIELD" || code == "MALFORMED_QUERY" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var sets []string
	for _, row := range rows {
		if row.SetupEntityAccessItems == nil {
			continue
		}
		items, err := row.SetupEntityAccessItems.All(ctx, p.conn)
		if err != nil {
			return nil, err
		}
		for _, item := range items {
			sets = append(sets, item.ParentID)
		}
	}
	slices.Sort(sets)
	return slices.Compact(sets), nil
}
