package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/schema"
)

const userMapping = "user_mapping"

// A UserMapping says that a Salesforce user and a CXone agent are the same
// person, where their names do not tell.
type UserMapping struct {
	Address    schema.Address
	Salesforce string // the username
	CXone      string // the username
	Source     *schema.Source
}

// userMappingShape returns the arguments of a user_mapping block.
func userMappingShape() *schema.Shape {
	return schema.NewShape(
		schema.Argument{Name: "salesforce", Type: schema.TextType(), Required: true, Doc: "The Salesforce username.", Check: checkNotEmpty},
		schema.Argument{Name: "cxone", Type: schema.TextType(), Required: true, Doc: "The CXone username.", Check: checkNotEmpty},
	)
}

// userMappingKind makes user_mapping a kind of no provider, so that it is read
// like any other block, for_each included, and never planned.
func userMappingKind() *schema.Kind {
	return &schema.Kind{Name: userMapping, Doc: "Says that two users are the same person.", Shape: userMappingShape()}
}

func checkNotEmpty(v schema.Value) string {
	if schema.Text(v) == "" {
		return "The name is empty."
	}
	return ""
}

// takeUsers moves the user mappings out of the objects. A user may be mapped
// once on either side, whatever the case: neither vendor's names go by it.
func (l *loader) takeUsers() {
	seen := map[string]*schema.Object{}
	l.conf.Objects = slices.DeleteFunc(l.conf.Objects, func(o *schema.Object) bool {
		if o.Kind.Name != userMapping {
			return false
		}
		u := UserMapping{o.Address, o.Text("salesforce"), o.Text("cxone"), o.Source}
		l.conf.Users = append(l.conf.Users, u)
		for _, name := range []string{"salesforce", "cxone"} {
			key := name + " " + strings.ToLower(o.Text(name))
			if first := seen[key]; first != nil && o.Get(name) != nil {
				l.report(schema.ErrorAt(o, name, "User mapped twice",
					fmt.Sprintf("The user %q is already mapped by %s at %s. A person has one user on each side; take one of the two out.", o.Text(name), first.Address, first.Source.Block)))
			}
			seen[key] = o
		}
		return true
	})
}
