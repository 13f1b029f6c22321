package mirror

import (
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
