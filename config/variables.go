package config

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/lockstep-sync/lockstep/schema"
)

// variablePrefix starts the environment variables that give variables.
const variablePrefix = "LOCKSTEP_VAR_"

// A variable is what a variable block declares, and the value it has.
type variable struct {
	name        string
	header      hcl.Range
	typ         cty.Type
	defaults    *typeexpr.Defaults
	fallback    cty.Value // NilVal when a value is required
	sensitive   bool
	validations []validation
	value       cty.Value // unmarked; NilVal when there is none
}

// A validation is a condition that a variable's value must meet.
type validation struct {
	condition, message hclsyntax.Expression
}

// loadVariables declares the variables and gives them their values.
func (l *loader) loadVariables(automatic []string) {
	for _, b := range l.aside[variableBlock] {
		l.declareVariable(b)
	}
	given := l.givenValues(automatic)
	for _, name := range sorted(mapKeys(l.variables)) {
		v := l.variables[name]
		l.setVariable(v, given[name])
		l.scope.variables[name] = v.marked(l)
	}
}

// marked returns the value that expressions see.
func (v *variable) marked(l *loader) cty.Value {
	switch {
	case v.value == cty.NilVal:
		return cty.DynamicVal // an error has been reported
	case !v.sensitive:
		return v.value
	}
	l.secrets = append(l.secrets, textsIn(v.value)...)
	return v.value.Mark(secretMark{"variable " + v.name})
}

// textsIn lists the texts in a value, to keep them out of messages.
func textsIn(v cty.Value) []string {
	var texts []string
	_ = cty.Walk(v, func(_ cty.Path, v cty.Value) (bool, error) {
		if v, _ := v.Unmark(); v.Type() == cty.String && v.IsKnown() && !v.IsNull() {
			texts = append(texts, v.AsString())
		}
		return true, nil
	})
	return texts
}

func (l *loader) declareVariable(b *hclsyntax.Block) {
	header := headerRange(b)
	if len(b.Labels) != 1 || !hclsyntax.ValidIdentifier(b.Labels[0]) {
		l.report(errorAt(header, "Wrong name of a variable", "A variable block has one label, which starts with a letter and holds letters, digits, underscores and dashes."))
		return
	}
	v := &variable{name: b.Labels[0], header: header, typ: cty.DynamicPseudoType}
	if first := l.variables[v.name]; first != nil {
		l.report(errorAt(header, "Variable declared twice", "The variable %q is already declared at %s. Keep one of the two.", v.name, place(first.header)))
		return
	}
	l.variables[v.name] = v
	for name, a := range b.Body.Attributes {
		l.variableArgument(v, name, a)
	}
	if a := b.Body.Attributes["default"]; a != nil {
		l.variableDefault(v, a)
	}
	for _, inner := range b.Body.Blocks {
		l.variableValidation(v, inner)
	}
}

var variableArguments = []string{"type", "default", "description", "sensitive"} //nolint:gochecknoglobals // only read

func (l *loader) variableArgument(v *variable, name string, a *hclsyntax.Attribute) {
	switch name {
	case "default":
	case "description":
		l.constant(a, cty.String)
	case "sensitive":
		value := l.constant(a, cty.Bool)
		v.sensitive = value != cty.NilVal && value.True()
	case "type":
		typ, defaults, hds := typeexpr.TypeConstraintWithDefaults(typeExpression(a.Expr))
		l.diags = append(l.diags, fromHCL(hds)...)
		if !hds.HasErrors() {
			v.typ, v.defaults = typ, defaults
		}
	default:
		v.fallback = cty.DynamicVal // the misspelt one may be the default
		l.report(errorAt(a.NameRange, "Unknown argument", "There is no argument %q in a variable block.%s", name, suggestOrList(name, append([]string{"validation"}, variableArguments...))))
	}
}

// typeExpression returns the expression in the text of a type, which is how
// JSON writes one.
func typeExpression(e hclsyntax.Expression) hcl.Expression {
	v, ok := literal(e)
	if !ok || v.IsNull() || v.Type() != cty.String {
		return e
	}
	if checkDepth("", 1, v.AsString(), false) != nil {
		return e
	}
	parsed, hds := hclsyntax.ParseExpression([]byte(v.AsString()), e.Range().Filename, e.Range().Start)
	if hds.HasErrors() {
		return e
	}
	return parsed
}

// constant evaluates an argument that may use nothing, NilVal when it is
// wrong.
func (l *loader) constant(a *hclsyntax.Attribute, want cty.Type) cty.Value {
	value, hds := a.Expr.Value(nil)
	if hds.HasErrors() {
		l.diags = append(l.diags, fromHCL(hds)...)
		return cty.NilVal
	}
	value, err := convert.Convert(value, want)
	if err != nil || value.IsNull() || !value.IsKnown() {
		l.report(errorAt(a.Expr.Range(), "Wrong type", "The argument %q takes a %s.", a.Name, want.FriendlyName()))
		return cty.NilVal
	}
	return value
}

func (l *loader) variableDefault(v *variable, a *hclsyntax.Attribute) {
	value, hds := a.Expr.Value(nil)
	if hds.HasErrors() {
		l.diags = append(l.diags, fromHCL(hds)...)
		v.fallback = cty.DynamicVal
		return
	}
	at := a.Expr.Range()
	if v.sensitive {
		l.conf.reveal = append(l.conf.reveal, byteRange{at.Filename, at.Start.Byte, at.End.Byte})
		l.secrets = append(l.secrets, textsIn(value)...)
		at = a.NameRange
	}
	value, err := v.convert(value)
	if err != nil {
		l.report(errorAt(at, "Wrong type", "The default of variable %q does not fit its type: %s.", v.name, err))
		value = cty.DynamicVal
	}
	v.fallback = value
}

func (v *variable) convert(value cty.Value) (cty.Value, error) {
	if v.defaults != nil && !value.IsNull() {
		value = v.defaults.Apply(value)
	}
	converted, err := convert.Convert(value, v.typ)
	if err != nil {
		return cty.NilVal, fmt.Errorf("%s", describe(err))
	}
	return converted, nil
}

// describe writes the error of a conversion with the path to where it is.
func describe(err error) string {
	path, ok := err.(cty.PathError) //nolint:errorlint // cty returns it bare
	if !ok || len(path.Path) == 0 {
		return err.Error()
	}
	var b strings.Builder
	for _, step := range path.Path {
		switch step := step.(type) {
		case cty.GetAttrStep:
			b.WriteString("." + step.Name)
		case cty.IndexStep:
			b.WriteString("[…]")
		}
	}
	return "at " + strings.TrimPrefix(b.String(), ".") + ": " + err.Error()
}

func (l *loader) variableValidation(v *variable, b *hclsyntax.Block) {
	if b.Type != "validation" {
		l.report(errorAt(b.TypeRange, "Unknown block", "There is no block %q in a variable block.%s", b.Type, suggest(b.Type, []string{"validation"})))
		return
	}
	var rule validation
	for name, a := range b.Body.Attributes {
		switch name {
		case "condition":
			rule.condition = a.Expr
		case "error_message":
			rule.message = a.Expr
		default:
			l.report(errorAt(a.NameRange, "Unknown argument", "There is no argument %q in a validation block.%s", name, suggestOrList(name, []string{"condition", "error_message"})))
		}
	}
	if rule.condition == nil || rule.message == nil {
		l.report(errorAt(b.TypeRange, "Missing argument", "A validation block has a condition, which must be true, and an error_message, which is shown when it is not."))
		return
	}
	v.validations = append(v.validations, rule)
}

// setVariable gives a variable its value.
func (l *loader) setVariable(v *variable, given *givenValue) {
	if given == nil {
		v.value = v.fallback
		switch {
		case v.fallback != cty.NilVal:
		case l.options.Offline:
			v.value = cty.UnknownVal(v.typ)
		default:
			l.report(l.missingVariable(v))
		}
		return
	}
	value, ds := given.of(v)
	l.diags = append(l.diags, ds...)
	if ds.HasErrors() {
		return
	}
	if v.sensitive {
		l.secrets = append(l.secrets, textsIn(value)...)
	}
	converted, err := v.convert(value)
	if err != nil {
		d := schema.Diagnostic{Severity: schema.Error, Summary: "Wrong type", Subject: place(given.at),
			Detail: fmt.Sprintf("The value of variable %q, from %s, does not fit its type: %s.", v.name, given.source, err)}
		l.report(d)
		return
	}
	v.value = converted
}

func (l *loader) missingVariable(v *variable) schema.Diagnostic {
	return errorAt(v.header, "Missing variable",
		"The variable %q has no value and no default. Give it one in any of three ways:\n\n    -var %s=VALUE\n    -var-file=FILE, where FILE holds %s = VALUE\n    the environment variable %s%s",
		v.name, v.name, v.name, variablePrefix, v.name)
}

// checkVariables evaluates the validations, once everything they may name is
// known.
func (l *loader) checkVariables() {
	for _, name := range sorted(mapKeys(l.variables)) {
		v := l.variables[name]
		if v.value == cty.NilVal {
			continue
		}
		for _, rule := range v.validations {
			l.checkVariable(v, rule)
		}
	}
}

func (l *loader) checkVariable(v *variable, rule validation) {
	d := l.newDecoder()
	holds, ok := d.evaluate(rule.condition)
	if d.late {
		d.report(errorAt(rule.condition.Range(), "Reference out of place", "A validation may use variables, local values and functions, and no blocks: a variable is checked before them."))
	}
	if ok {
		holds, _ = holds.UnmarkDeep()
		truth, err := convert.Convert(holds, cty.Bool)
		switch {
		case err != nil || truth.IsKnown() && truth.IsNull():
			d.report(errorAt(rule.condition.Range(), "Wrong type", "The condition must be true or false, and this is %s.", shown(holds)))
		case truth.IsKnown() && truth.False():
			d.report(errorAt(v.header, "Invalid value for a variable", "%s The rule stands at %s.", l.validationMessage(d, v, rule), place(rule.condition.Range())))
		}
	}
	l.take(d)
}

func (l *loader) validationMessage(d *decoder, v *variable, rule validation) string {
	message, ok := d.evaluate(rule.message)
	if ok {
		message, marks := message.UnmarkDeep()
		for m := range marks {
			if _, secret := m.(secretMark); secret {
				return fmt.Sprintf("The value of variable %q breaks a rule, whose message holds a secret and is not shown.", v.name)
			}
		}
		if text, err := convert.Convert(message, cty.String); err == nil && text.IsKnown() && !text.IsNull() && text.AsString() != "" {
			return strings.TrimSpace(text.AsString())
		}
	}
	return fmt.Sprintf("The value of variable %q breaks a rule.", v.name)
}
