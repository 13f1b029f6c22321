package salesforce

import (
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/lockstep-sync/lockstep/schema"
)

var developerName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z](_?[A-Za-z0-9])*$`) })

// checkDeveloperName holds Salesforce's rules for API names (VERIFIED).
func checkDeveloperName(v schema.Value) string {
	name := schema.Text(v)
	switch {
	case len(name) > 80:
		return fmt.Sprintf("%q has %d characters. Salesforce takes at most 80.", name, len(name))
	case !developerName().MatchString(name):
		return fmt.Sprintf("%q is no developer name. It starts with a letter, holds letters, digits and underscores, and has no two underscores in a row and none at the end.", name)
	}
	return ""
}

func checkLabel(v schema.Value) string {
	label := schema.Text(v)
	switch n := utf8.RuneCountInString(label); {
	case strings.TrimSpace(label) == "":
		return "A label cannot be empty."
	case n > 80:
		return fmt.Sprintf("The label has %d characters. Salesforce takes at most 80.", n)
	}
	return ""
}

func checkEmail(v schema.Value) string {
	address, err := mail.ParseAddress(schema.Text(v))
	if err != nil || address.Address != schema.Text(v) {
		return fmt.Sprintf("%q is no e-mail address. Write it bare, like crm-team@acme.example.", schema.Text(v))
	}
	return ""
}

// checkHTTPS accepts one URL or a list of them.
func checkHTTPS(v schema.Value) string {
	list, ok := v.(schema.List)
	if !ok {
		list = schema.List{v}
	}
	for _, e := range list {
		u, err := url.Parse(schema.Text(e))
		if err != nil || u.Scheme != "https" || u.Host == "" {
			return fmt.Sprintf("%q is no https URL. Salesforce sends authorisation codes there, so it must be encrypted. Write it in full, like https://callback.acme.example/oauth.", schema.Text(e))
		}
	}
	return ""
}

// suggest returns a sentence with the nearest of the known names, or a short
// list of them when none is near.
func suggest(name string, known []string) string {
	near := schema.Suggest(name, known)
	switch {
	case near != "":
		return fmt.Sprintf("Did you mean %q?", near)
	case len(known) == 0:
		return "It has none at all."
	case len(known) <= 8:
		return "It has: " + strings.Join(known, ", ") + "."
	}
	return fmt.Sprintf("It has %d others; check the spelling.", len(known))
}
