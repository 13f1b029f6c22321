package cxone

import (
	"fmt"
	"strings"

	"github.com/lockstep-sync/lockstep/schema"
)

func checkOrganizationID(v schema.Value) string {
	s, ok := v.(schema.String)
	if !ok {
		return ""
	}
	if err := organizationID(string(s)); err != nil {
		return fmt.Sprintf("%q is no organization ID: %v. Salesforce shows it in Setup > Company Information.", string(s), err)
	}
	return ""
}

// organizationID checks an ID of 15 characters, or of 18 whose last three are
// the checksum of the case of the others.
func organizationID(id string) error {
	for _, r := range id {
		if !isAlphanumeric(r) {
			return fmt.Errorf("it holds %q, and only letters and digits may stand in it", r)
		}
	}
	switch len(id) {
	case 15:
		return nil
	case 18:
		if want := idChecksum(id[:15]); !strings.EqualFold(id[15:], want) {
			return fmt.Errorf("its last three characters should be %s", want)
		}
		return nil
	}
	return fmt.Errorf("it has %d characters instead of 15", len(id))
}

func isAlphanumeric(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
}

// idChecksum is the suffix that makes a Salesforce ID safe where case is lost:
// one character for each five, whose bits say which of them are capitals.
func idChecksum(id string) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
	var sum [3]byte
	for i := range sum {
		bits := 0
		for j := range 5 {
			if c := id[i*5+j]; c >= 'A' && c <= 'Z' {
				bits |= 1 << j
			}
		}
		sum[i] = digits[bits]
	}
	return string(sum[:])
}
