package config

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/lockstep-sync/lockstep/schema"
)

// A givenValue is a value that somebody gave for a variable.
type givenValue struct {
	source string // for people
	at     hcl.Range
	value  cty.Value // NilVal while it is still raw
	raw    string    // of -var and the environment
}

// of returns the value for a variable. A raw text stands for itself where the
// variable takes a text, and is an expression where it takes a list or the
// like.
func (g *givenValue) of(v *variable) (cty.Value, schema.Diagnostics) {
	if g.value != cty.NilVal {
		return g.value, nil
	}
	if v.typ.IsPrimitiveType() || v.typ == cty.DynamicPseudoType {
		if invalidUTF8([]byte(g.raw)) >= 0 {
			return cty.NilVal, schema.Diagnostics{{Severity: schema.Error, Summary: "Wrong value of a variable",
				Detail: fmt.Sprintf("The value of variable %q, from %s, is not valid UTF-8.", v.name, g.source)}}
		}
		return cty.StringVal(g.raw), nil
	}
	wrong := func(why string) schema.Diagnostics {
		return schema.Diagnostics{{Severity: schema.Error, Summary: "Wrong value of a variable",
			Detail: fmt.Sprintf("The variable %q takes a %s, so its value, from %s, is written as in a file, for example [\"a\", \"b\"] or {name = \"value\"}: %s", v.name, v.typ.FriendlyName(), g.source, why)}}
	}
	if len(g.raw) > maxItem || checkDepth("", 1, g.raw, false) != nil {
		return cty.NilVal, wrong("this is too large or too deep.")
	}
	e, hds := hclsyntax.ParseExpression([]byte(g.raw), g.source, hcl.InitialPos)
	if hds.HasErrors() {
		return cty.NilVal, wrong("this is no expression.")
	}
	value, hds := e.Value(nil)
	if hds.HasErrors() {
		return cty.NilVal, wrong("it may use no names and no functions.")
	}
	return value, nil
}

// givenValues collects what is given, the strongest last: the environment,
// automatic files, -var-file, -var.
func (l *loader) givenValues(automatic []string) map[string]*givenValue {
	given := map[string]*givenValue{}
	for name, raw := range l.environ {
		if name, ok := strings.CutPrefix(name, variablePrefix); ok {
			given[name] = &givenValue{source: "environment variable " + variablePrefix + name, raw: raw}
		}
	}
	for _, file := range append(automatic, l.options.VarFiles...) {
		l.readVariables(file, given)
	}
	for _, name := range sorted(mapKeys(l.options.Vars)) {
		if l.variables[name] == nil {
			l.report(schema.Diagnostic{Severity: schema.Error, Summary: "Undeclared variable",
				Detail: fmt.Sprintf("A value was given with -var for %q, and no variable block declares it.%s", name, suggest(name, mapKeys(l.variables)))})
			continue
		}
		given[name] = &givenValue{source: "-var " + name, raw: l.options.Vars[name]}
	}
	return given
}

// readVariables reads a file of values, in the native or the JSON form.
func (l *loader) readVariables(name string, given map[string]*givenValue) {
	src, problem := readFile(name, maxJSONFile)
	if problem != nil {
		l.report(*problem)
		return
	}
	l.conf.files[name] = newFile(name, name, src)
	body, ds := parseVariables(name, src)
	l.diags = append(l.diags, ds...)
	if ds.HasErrors() {
		return
	}
	attributes, hds := body.JustAttributes()
	l.diags = append(l.diags, fromHCL(hds)...)
	for _, a := range attributes {
		v := l.variables[a.Name]
		if v == nil {
			l.report(warningAt(a.NameRange, "Undeclared variable", "The file gives a value for %q, and no variable block declares it, so it has no effect.%s", a.Name, suggest(a.Name, mapKeys(l.variables))))
			continue
		}
		value, hds := a.Expr.Value(nil)
		at := a.Expr.Range()
		if v.sensitive {
			l.conf.reveal = append(l.conf.reveal, byteRange{at.Filename, at.Start.Byte, at.End.Byte})
			at = a.NameRange
		}
		if hds.HasErrors() {
			l.report(errorAt(at, "Wrong value of a variable", "A file of values may use no names and no functions. Write the value of %q itself.", a.Name))
			value = cty.DynamicVal
		}
		given[a.Name] = &givenValue{source: "file " + name, at: at, value: value}
	}
}

func parseVariables(name string, src []byte) (hcl.Body, schema.Diagnostics) {
	if strings.HasSuffix(name, ".json") {
		return parseJSONBody(name, src)
	}
	if _, problem := scanItems(name, src); problem != nil {
		return nil, schema.Diagnostics{*problem}
	}
	parsed, hds := hclsyntax.ParseConfig(src, name, hcl.InitialPos)
	return parsed.Body, fromHCL(hds)
}
