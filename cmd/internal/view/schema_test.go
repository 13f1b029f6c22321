package view

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/reconcile"
)

// node is the part of JSON Schema that the plan's schema uses.
type node struct {
	Ref                  string           `json:"$ref"`
	Defs                 map[string]*node `json:"$defs"`
	Type                 string           `json:"type"`
	Required             []string         `json:"required"`
	Properties           map[string]*node `json:"properties"`
	AdditionalProperties json.RawMessage  `json:"additionalProperties"`
	Items                *node            `json:"items"`
	Enum                 []any            `json:"enum"`
	Const                any              `json:"const"`
	Pattern              string           `json:"pattern"`
	Minimum              *float64         `json:"minimum"`
}

// checker says what in a document its schema does not allow.
type checker struct {
	defs  map[string]*node
	wrong []string
}

func (c *checker) check(n *node, path string, v any) {
	if n.Ref != "" {
		n = c.defs[strings.TrimPrefix(n.Ref, "#/$defs/")]
	}
	if n.Const != nil && !reflect.DeepEqual(n.Const, v) || n.Enum != nil && !slices.Contains(n.Enum, v) {
		c.say(path, "%v is not one of the values", v)
	}
	switch v := v.(type) {
	case map[string]any:
		c.expect(n, path, "object")
		c.object(n, path, v)
	case []any:
		c.expect(n, path, "array")
		for i, e := range v {
			if n.Items != nil {
				c.check(n.Items, fmt.Sprintf("%s[%d]", path, i), e)
			}
		}
	case string:
		c.expect(n, path, "string")
		if n.Pattern != "" && !regexp.MustCompile(n.Pattern).MatchString(v) {
			c.say(path, "%q does not match %s", v, n.Pattern)
		}
	case float64:
		c.expect(n, path, "integer")
		if n.Minimum != nil && v < *n.Minimum {
			c.say(path, "%v is too small", v)
		}
	case bool:
		c.expect(n, path, "boolean")
	}
}

func (c *checker) object(n *node, path string, v map[string]any) {
	for _, name := range n.Required {
		if _, ok := v[name]; !ok {
			c.say(path, "%s is missing", name)
		}
	}
	for name, value := range v {
		if property := n.Properties[name]; property != nil {
			c.check(property, path+"."+name, value)
			continue
		}
		switch string(n.AdditionalProperties) {
		case "":
		case "false":
			c.say(path, "%s is not described", name)
		default:
			other := &node{}
			if err := json.Unmarshal(n.AdditionalProperties, other); err != nil {
				c.say(path, "%v", err)
			}
			c.check(other, path+"."+name, value)
		}
	}
}

func (c *checker) expect(n *node, path, kind string) {
	if n.Type != "" && n.Type != kind {
		c.say(path, "want %s, got %s", n.Type, kind)
	}
}

func (c *checker) say(path, format string, args ...any) {
	c.wrong = append(c.wrong, path+": "+fmt.Sprintf(format, args...))
}

func violations(t *testing.T, text []byte) []string {
	t.Helper()
	var root node
	var document any
	if err := json.Unmarshal(PlanSchema, &root); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	c := &checker{defs: root.Defs}
	c.check(&root, "plan", document)
	return c.wrong
}

func TestPlanSchema(t *testing.T) {
	text := everyAction().Document("0.1.0").Encode()
	if wrong := violations(t, text); wrong != nil {
		t.Errorf("a plan does not keep its schema:\n%s", strings.Join(wrong, "\n"))
	}
	for from, to := range map[string]string{
		`"action": "create"`: `"action": "make"`, `"secret": true`: `"secret": false`, `"key"`: `"keys"`, `"forecast_calls": 7`: `"forecast_calls": -7`,
	} {
		if violations(t, []byte(strings.Replace(string(text), from, to, 1))) == nil {
			t.Errorf("%s: the schema allows it", to)
		}
	}
}

// TestPlanSchemaIsComplete finds fields that the schema does not describe, and
// described ones that no plan has.
func TestPlanSchemaIsComplete(t *testing.T) {
	var root node
	if err := json.Unmarshal(PlanSchema, &root); err != nil {
		t.Fatal(err)
	}
	for described, document := range map[*node]any{
		&root: reconcile.Document{}, root.Defs["step"]: reconcile.DocumentStep{}, root.Defs["change"]: reconcile.DocumentChange{},
		root.Defs["instruction"]: reconcile.DocumentGuide{}, root.Defs["note"]: reconcile.DocumentNote{},
		root.Properties["summary"]: reconcile.DocumentSummary{}, root.Defs["step"].Properties["last_changed"]: reconcile.DocumentSeen{},
	} {
		fields := map[string]bool{}
		typ := reflect.TypeOf(document)
		for field := range typ.Fields() {
			name, option, _ := strings.Cut(field.Tag.Get("json"), ",")
			fields[name] = true
			if described.Properties[name] == nil {
				t.Errorf("%s.%s is not described", typ.Name(), name)
			}
			if required := slices.Contains(described.Required, name); required != (option == "") {
				t.Errorf("%s.%s: required is %v, and the field is written always: %v", typ.Name(), name, required, option == "")
			}
		}
		for name := range described.Properties {
			if !fields[name] {
				t.Errorf("%s.%s is described and never written", typ.Name(), name)
			}
		}
	}
}
