package tenant

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// Validate reports everything in the tenant that contradicts itself, so that
// the emulators need not ask. The zero Tenant is not valid.
func (t *Tenant) Validate() error {
	v := &validator{tenant: t}
	v.names()
	v.salesforce()
	v.credentials()
	v.cxone()
	v.agents()
	return errors.Join(v.errs...)
}

// A validator collects what is wrong and knows the names that others refer to.
type validator struct {
	tenant *Tenant
	errs   []error

	profiles, sets, channels, statuses, teams, emails, usernames map[string]bool
}

func (v *validator) wrong(format string, args ...any) {
	v.errs = append(v.errs, fmt.Errorf(format, args...))
}

// set makes a set of names and reports those that are empty or there twice.
// Case makes no difference to either vendor.
func set[T any](v *validator, what string, list []T, name func(T) string) map[string]bool {
	names := map[string]bool{}
	for i, item := range list {
		n := strings.ToLower(name(item))
		if n == "" {
			v.wrong("%s %d has no name", what, i+1)
		} else if names[n] {
			v.wrong("%s %q is there twice", what, name(item))
		}
		names[n] = true
	}
	return names
}

// known reports names that nothing has.
func (v *validator) known(names map[string]bool, where, what string, wanted ...string) {
	for _, name := range wanted {
		if !names[strings.ToLower(name)] {
			v.wrong("%s names %s %q, which is not there", where, what, name)
		}
	}
}

func (v *validator) names() {
	s, c := &v.tenant.Salesforce, &v.tenant.CXone
	v.profiles = set(v, "profile", s.Profiles, func(p Profile) string { return p.Label })
	v.sets = set(v, "permission set", s.PermissionSets, func(p PermSet) string { return p.Name })
	v.channels = set(v, "service channel", s.Channels, func(c Channel) string { return c.DeveloperName })
	v.statuses = set(v, "presence status", s.Statuses, func(s Status) string { return s.DeveloperName })
	v.teams = set(v, "team", c.Teams, func(name string) string { return name })
	v.emails = set(v, "agent", v.tenant.Agents, func(a Agent) string { return a.Email })
	v.usernames = map[string]bool{}
	for _, a := range v.tenant.Agents {
		if a.Profile == "" {
			continue
		}
		name := strings.ToLower(a.Username)
		if name == "" {
			name = strings.ToLower(a.Email)
		}
		if v.usernames[name] {
			v.wrong("agent %q has a Salesforce user name that another agent has", a.Email)
		}
		v.usernames[name] = true
	}
	set(v, "connected app", s.ConnectedApps, func(a App) string { return a.Name })
	set(v, "lightning app", s.LightningApps, func(a Lightning) string { return a.Name })
	set(v, "package", s.Packages, func(p Package) string { return p.Name })
	set(v, "unavailable code", c.Codes, func(c Code) string { return c.Name })
}

var organizationID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^00D[A-Za-z0-9]{12}$`) })

func (v *validator) salesforce() {
	s := &v.tenant.Salesforce
	if !organizationID().MatchString(s.OrganizationID) {
		v.wrong("organization_id %q: want 15 letters and digits that begin with 00D", s.OrganizationID)
	}
	if !strings.ContainsFunc(strings.ToLower(s.Name), func(c rune) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }) {
		v.wrong("salesforce name %q: want a letter or a digit, to make a domain of", s.Name)
	}
	for _, status := range s.Statuses {
		where := fmt.Sprintf("presence status %q", status.DeveloperName)
		v.known(v.channels, where, "service channel", status.Channels...)
		v.known(v.profiles, where, "profile", status.Profiles...)
	}
	for _, p := range s.PermissionSets {
		v.known(v.statuses, fmt.Sprintf("permission set %q", p.Name), "presence status", p.Statuses...)
	}
	if s.OmniDisabled && len(s.Channels)+len(s.Statuses) > 0 {
		v.wrong("omni_disabled with service channels or presence statuses: without Omni-Channel there are none")
	}
}

func (v *validator) credentials() {
	set(v, "integration", v.tenant.Salesforce.Integration, func(c Credential) string { return c.ClientID })
	for _, c := range v.tenant.Salesforce.Integration {
		where := fmt.Sprintf("integration %q", c.ClientID)
		v.known(v.usernames, where, "user", c.Username)
		if c.Certificate != "" && !isRSA(c.Certificate) {
			v.wrong("%s: certificate is not a PEM certificate with an RSA key", where)
		}
	}
	set(v, "access key", v.tenant.CXone.AccessKeys, func(k AccessKey) string { return k.ID })
	for _, k := range v.tenant.CXone.AccessKeys {
		v.known(v.emails, fmt.Sprintf("access key %q", k.ID), "agent", k.User)
		if k.Secret == "" {
			v.wrong("access key %q has no secret", k.ID)
		}
	}
}

func isRSA(text string) bool {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return false
	}
	if certificate, err := x509.ParseCertificate(block.Bytes); err == nil {
		_, ok := certificate.PublicKey.(*rsa.PublicKey)
		return ok
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	_, ok := key.(*rsa.PublicKey)
	return err == nil && ok
}

func (v *validator) cxone() {
	c := &v.tenant.CXone
	if c.TenantID == "" {
		v.wrong("tenant_id is empty")
	}
	for _, code := range c.Codes {
		v.known(v.teams, fmt.Sprintf("unavailable code %q", code.Name), "team", code.Teams...)
		if code.Timeout < 0 {
			v.wrong("unavailable code %q: timeout is negative", code.Name)
		}
	}
}

func (v *validator) agents() {
	licences := 0
	for _, a := range v.tenant.Agents {
		where := fmt.Sprintf("agent %q", a.Email)
		if !strings.Contains(a.Email, "@") {
			v.wrong("%s: not an e-mail address", where)
		}
		if a.Team != "" {
			v.known(v.teams, where, "team", a.Team)
		}
		if a.Profile != "" {
			v.known(v.profiles, where, "profile", a.Profile)
			v.known(v.sets, where, "permission set", a.PermissionSets...)
		}
		if a.PackageLicence && a.Profile != "" {
			licences++
		}
	}
	v.licences(licences)
}

// licences are those of the first package. -1 is a site licence.
func (v *validator) licences(wanted int) {
	packages := v.tenant.Salesforce.Packages
	switch {
	case wanted == 0:
	case len(packages) == 0:
		v.wrong("%d agents have a package licence, but there is no package", wanted)
	case packages[0].Allowed >= 0 && wanted > packages[0].Allowed:
		v.wrong("%d agents have a licence of package %q, which allows %d", wanted, packages[0].Name, packages[0].Allowed)
	}
}
