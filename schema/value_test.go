package schema_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/schema"
)

func TestSecretIsNeverPrinted(t *testing.T) {
	const canary = "canary-91d0"
	secret := schema.NewSecret(canary, "a test")
	type holder struct {
		S      schema.Secret
		hidden schema.Secret
		Value  schema.Value
	}
	h := holder{secret, secret, secret}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", secret, "holder", h)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", secret, "holder", h)
	asJSON, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	printed := []string{log.String(), string(asJSON), schema.Text(secret)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p", "%T", "%10s"} {
		printed = append(printed, fmt.Sprintf(verb, secret), fmt.Sprintf(verb, h), fmt.Sprintf(verb, &h), fmt.Sprintf(verb, []any{secret}))
	}
	printed = append(printed, fmt.Errorf("wrapped: %v", secret).Error(), cmp.Diff(secret, schema.NewSecret("other", "")))
	for _, text := range printed {
		if strings.Contains(text, canary) || strings.Contains(text, fmt.Sprintf("%x", canary)) {
			t.Errorf("printed: %s", text)
		}
	}
	if h.hidden.Reveal() != canary {
		t.Error("the value is lost")
	}
}

func TestEqual(t *testing.T) {
	shape := schema.NewShape(schema.Argument{Name: "a", Type: schema.TextType()}, schema.Argument{Name: "r", Type: schema.RefTo("k")})
	record := func(a string, r schema.Value) schema.Record {
		rec := schema.NewRecord(shape)
		rec.Set("a", schema.String(a))
		rec.Set("r", r)
		return rec
	}
	ref := schema.Ref{Kind: "k", Key: "On_Break", Label: "On break"}
	tests := map[string]struct {
		reason string
		a, b   schema.Value
		want   bool
	}{
		"Text":         {"the same text", schema.String("x"), schema.String("x"), true},
		"Nil":          {"nothing equals nothing", nil, nil, true},
		"NilAndEmpty":  {"not set is not empty", nil, schema.String(""), false},
		"RefKey":       {"a vendor may answer with the key", ref, schema.String("On_Break"), true},
		"RefLabel":     {"or with the label", ref, schema.String("On break"), true},
		"LabelRef":     {"whichever side it is on", schema.String("On break"), ref, true},
		"RefOther":     {"but not with anything else", ref, schema.String("Lunch"), false},
		"RefNoLabel":   {"an unknown label equals no empty text", schema.Ref{Kind: "k", Key: "x"}, schema.String(""), false},
		"Unknown":      {"what is not known may differ", schema.Unknown{}, schema.Unknown{}, false},
		"Secret":       {"secrets compare by value", schema.NewSecret("s", "here"), schema.NewSecret("s", "there"), true},
		"SecretOther":  {"and differ by value", schema.NewSecret("s", ""), schema.NewSecret("t", ""), false},
		"ListOrder":    {"lists have an order", schema.Strings("a", "b"), schema.Strings("b", "a"), false},
		"Record":       {"records compare by their values, references included", record("1", ref), record("1", schema.String("On break")), true},
		"RecordOther":  {"one differing value is enough", record("1", ref), record("2", ref), false},
		"OtherTypes":   {"a number is no text", schema.Int(1), schema.String("1"), false},
		"Durations":    {"spans compare as spans", schema.Duration(time.Hour), schema.Duration(60 * time.Minute), true},
		"RefAttribute": {"an attribute is not its object", ref, schema.Ref{Kind: "k", Key: "On_Break", Attribute: "id"}, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := schema.Equal(tc.a, tc.b); got != tc.want {
				t.Errorf("%s: want %v, got %v", tc.reason, tc.want, got)
			}
		})
	}
}

// TestDiffSetAgainstSearch compares with looking at every pair.
func TestDiffSetAgainstSearch(t *testing.T) {
	element := rapid.Custom(func(t *rapid.T) schema.Value {
		text := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "text")
		if rapid.Bool().Draw(t, "ref") {
			return schema.Ref{Kind: "k", Key: text, Label: rapid.SampledFrom([]string{"", "a", "L"}).Draw(t, "label")}
		}
		return schema.String(text)
	})
	rapid.Check(t, func(t *rapid.T) {
		wanted := schema.List(rapid.SliceOfN(element, 0, 6).Draw(t, "wanted"))
		held := schema.List(rapid.SliceOfN(element, 0, 6).Draw(t, "held"))
		added, removed := schema.DiffSet(wanted, held)
		left := slices.Clone(held)
		for _, w := range wanted {
			if slices.ContainsFunc(added, func(v schema.Value) bool { return cmp.Equal(v, w) }) {
				continue
			}
			if i := slices.IndexFunc(left, func(h schema.Value) bool { return schema.Equal(w, h) }); i >= 0 {
				left = slices.Delete(left, i, i+1)
			}
		}
		if len(wanted)-len(added) != len(held)-len(removed) {
			t.Fatalf("added %v, removed %v of %v and %v", added, removed, wanted, held)
		}
		for _, w := range added {
			if slices.ContainsFunc(removed, func(h schema.Value) bool { return schema.Equal(w, h) }) {
				t.Fatalf("%v is both missing and left over", w)
			}
		}
	})
}

func TestFormatDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Hour: "1h", 90 * time.Minute: "1h30m", 30 * time.Second: "30s", 90 * 24 * time.Hour: "90d", time.Minute: "1m", 0: "0s",
		1500 * time.Millisecond: "1.5s",
	} {
		if got := schema.FormatDuration(d); got != want {
			t.Errorf("%s: want %q, got %q", d, want, got)
		}
	}
}

func TestSuggest(t *testing.T) {
	names := []string{"presence_status", "profile_access", "connected_app"}
	for given, want := range map[string]string{
		"presence_stats": "presence_status", "profil_access": "profile_access", "CONNECTED_APP": "connected_app", "zzz": "", "": "",
	} {
		if got := schema.Suggest(given, names); got != want {
			t.Errorf("%q: want %q, got %q", given, want, got)
		}
	}
}

func TestAddressCovers(t *testing.T) {
	for _, tc := range []struct {
		a, b schema.Address
		want bool
	}{
		{"k.a", "k.a", true}, {"k.a", `k.a["x"]`, true}, {`k.a["x"]`, "k.a", false}, {"k.a", "k.ab", false},
	} {
		if got := tc.a.Covers(tc.b); got != tc.want {
			t.Errorf("%s covers %s: want %v, got %v", tc.a, tc.b, tc.want, got)
		}
	}
}
