package salesforce

import "testing"

func TestFullNames(t *testing.T) {
	tests := map[string]string{
		"Support Agent":            "Support Agent",
		"Custom: Support Profile":  "Custom%3A Support Profile",
		"Work.com Only User":       "Work%2Ecom Only User",
		"Sales (EMEA) & Marketing": "Sales %28EMEA%29 %26 Marketing",
		"100%":                     "100%25",
		"Atención":                 "Atención",
		"a_b-c":                    "a_b-c",
	}
	for label, want := range tests {
		if got := EncodeFullName(label); got != want {
			t.Errorf("%q is encoded as %q, not %q", label, got, want)
		}
		if got := DecodeFullName(want); got != label {
			t.Errorf("%q is decoded as %q", want, got)
		}
	}
	if got := DecodeFullName("50% off"); got != "50% off" {
		t.Errorf("what is not encoded stays, not %q", got)
	}
}

func TestIDs(t *testing.T) {
	tests := map[string]struct {
		reason, id, long string
		ok               bool
	}{
		"15":             {"people paste this form", "001A0000006Vm9r", "001A0000006Vm9rIAC", true},
		"18":             {"the API answers this form", "001A0000006Vm9rIAC", "001A0000006Vm9rIAC", true},
		"checksum case":  {"people type the checksum in either case", "001A0000006Vm9riac", "001A0000006Vm9rIAC", true},
		"wrong checksum": {"a typo", "001A0000006Vm9rIAD", "", false},
		"wrong case":     {"the case of the first 15 counts", "001a0000006Vm9rIAC", "", false},
		"short":          {"cut off", "001A0000006Vm9", "", false},
		"sign":           {"not an Id at all", "001A0000006Vm9-", "", false},
		"umlaut":         {"bytes are not characters", "001A0000006Vmä", "", false},
		"empty":          {"nothing", "", "", false},
	}
	for name, tt := range tests {
		long, ok := LongID(tt.id)
		if ok != tt.ok || ok && long != tt.long {
			t.Errorf("%s: %s: %q, %t", name, tt.reason, long, ok)
		}
	}
	if !SameID("001A0000006Vm9r", "001A0000006Vm9rIAC") || SameID("", "") || SameID("001A0000006Vm9r", "001A0000006Vm9R") {
		t.Error("comparing Ids")
	}
}
