package cli

import (
	"crypto/rand"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/reconcile/presence"
)

// syncSettings says how run behaves, from the configuration and the flags.
func syncSettings(c *config.Configuration, flags *runFlags) mirror.Settings {
	sync := c.Sync
	set := mirror.Settings{
		Tenant: accounts(c), Owner: flags.owner,
		Mode: flags.mode(), Once: flags.once, Align: presence.Align(flags.align), OneWay: oneWay(c),
		Rules: presenceRules(c.Objects), Facts: presenceFacts(c.Objects),
		Match:           matching(c),
		Conflict:        presence.Conflict(sync.Conflict),
		PollInterval:    sync.PollInterval,
		WritesPerSecond: sync.WritesPerSecond,
		CallsPerDay:     sync.Budget.SalesforceCallsPerDay, DeliveriesPerDay: sync.Budget.SalesforceDeliveriesPerDay,
		Breaker:   mirror.Breaker{Moved: sync.Breaker.Moved, Within: sync.Breaker.Within},
		Retention: sync.Retention,
	}
	for _, w := range sync.Freeze {
		set.Freeze = append(set.Freeze, mirror.Window{Text: w.Text, Holds: w.Holds})
	}
	return set
}

// matching says who is the same person on both sides.
func matching(c *config.Configuration) mirror.Matching {
	by := mirror.Matching{By: c.Sync.Match, Strip: c.Sync.Strip}
	if by.Strip == nil {
		by.Strip = sandboxEndings(argument(c, "salesforce", "instance_url"))
	}
	for _, u := range c.Users {
		by.Mappings = append(by.Mappings, mirror.UserMapping{Salesforce: u.Salesforce, CXone: u.CXone})
	}
	return by
}

// owner names this process among the replicas. In containers all may have the
// same number on hosts of the same name, so there is a word of chance in it.
func owner() string {
	host, err := os.Hostname()
	if err != nil {
		host = "somewhere"
	}
	return host + "/" + strconv.Itoa(os.Getpid()) + "/" + strings.ToLower(rand.Text()[:6])
}

// sandboxEndings lists what Salesforce puts behind the usernames and e-mail
// addresses of a sandbox's users, whose name stands behind two dashes in the
// address: acme--uat.sandbox.my.salesforce.com.
func sandboxEndings(instance string) []string {
	u, err := url.Parse(instance)
	if err != nil {
		return nil
	}
	_, name, ok := strings.Cut(strings.SplitN(u.Hostname(), ".", 2)[0], "--")
	if !ok || name == "" {
		return nil
	}
	return []string{"." + name, ".invalid"}
}
