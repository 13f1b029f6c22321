package mirror

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/lockstep-sync/lockstep/reconcile/store"
)

// What a tenant remembers, by the beginning of its keys.
const (
	prefixAgent = "agent/" // what [presence.Step] knows of an agent
	prefixKnown = "known/" // who the agent is: a [Known]
	keyFeeds    = "feeds"  // where to go on reading
	keyDay      = "day"    // what of the day's allowances is used
	keyBreaker  = "breaker"
)

// A Known is who an agent is, kept so that history can be asked for by name.
type Known struct {
	Key        string `json:"-"`
	Name       string `json:"name,omitempty"`
	Login      string `json:"login,omitempty"` // in CXone
	Email      string `json:"email,omitempty"` // in CXone
	User       string `json:"user,omitempty"`  // the username in Salesforce
	UserEmail  string `json:"user_email,omitempty"`
	Team       string `json:"team,omitempty"`
	CXone      string `json:"cxone"`
	Salesforce string `json:"salesforce"`
}

// keyOf returns what the store and commands know a pair of people by.
func keyOf(cxone, salesforce string) string { return cxone + "+" + salesforce }

// Is reports whether a person is called name: by key, Id, login, username or
// e-mail, whatever the case.
func (k *Known) Is(name string) bool {
	for _, own := range []string{k.Key, k.CXone, k.Salesforce, k.Login, k.Email, k.User, k.UserEmail} {
		if own != "" && strings.EqualFold(own, name) {
			return true
		}
	}
	return false
}

// Known returns the two as one agent.
func (m Match) Known() Known {
	return Known{
		Key: keyOf(m.CXone.ID, m.Salesforce.ID), CXone: m.CXone.ID, Salesforce: m.Salesforce.ID,
		Name: cmp.Or(m.CXone.Name, m.Salesforce.Name), Team: m.CXone.Team,
		Login: m.CXone.Username, Email: m.CXone.Email, User: m.Salesforce.Username, UserEmail: m.Salesforce.Email,
	}
}

// Keeps reports whether anything is kept of an agent, whether or not a name is.
func Keeps(ctx context.Context, s store.Store, tenant, key string) (bool, error) {
	item, err := s.Recall(ctx, tenant, prefixAgent+key)
	if err != nil || item.Version > 0 {
		return err == nil, err
	}
	for _, err := range s.Journal(ctx, store.Query{Tenant: tenant, Agent: key, Last: 1}) {
		return err == nil, err
	}
	return false, nil
}

// ReadKnown lists the agents of whom the store knows, by key.
func ReadKnown(ctx context.Context, s store.Store, tenant string) ([]Known, error) {
	var list []Known
	for item, err := range s.Memory(ctx, tenant, prefixKnown) {
		if err != nil {
			return nil, err
		}
		k, err := decodeKnown(item)
		if err != nil {
			return nil, err
		}
		list = append(list, k)
	}
	return list, nil
}

func decodeKnown(item store.Item) (Known, error) {
	k := Known{Key: strings.TrimPrefix(item.Key, prefixKnown)}
	if err := json.Unmarshal(item.Value, &k); err != nil {
		return Known{}, fmt.Errorf("who %s is: %w", k.Key, err)
	}
	return k, nil
}
