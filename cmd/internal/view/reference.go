package view

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/schema"
)

// Reference writes the whole reference as Markdown, made from the kinds.
func (s Streams) Reference(vendors []*schema.Vendor, language []schema.BlockDoc) {
	r := reference{s.Out}
	r.line("# Lockstep reference\n")
	r.line("Made from the same values that check your files. Every kind takes `for_each`.\n")
	for _, vendor := range vendors {
		r.line("## %s\n\n%s\n", vendor.Title, vendor.Doc)
		r.line("### provider %q\n", vendor.Name)
		r.arguments(vendor.Shape, "")
		for _, kind := range vendor.Kinds {
			r.kind(kind)
		}
	}
	r.language(language)
}

// ReferenceLanguage writes the blocks that are no kinds.
func (s Streams) ReferenceLanguage(blocks []schema.BlockDoc) { reference{s.Out}.language(blocks) }

// ReferenceKind writes one kind.
func (s Streams) ReferenceKind(kind *schema.Kind) { reference{s.Out}.kind(kind) }

type reference struct{ io.Writer }

func (r reference) line(format string, args ...any) { _, _ = fmt.Fprintf(r, format+"\n", args...) }

func (r reference) language(blocks []schema.BlockDoc) {
	r.line("## The language\n")
	for _, block := range blocks {
		r.line("### %s\n\n%s\n", block.Name, block.Doc)
		r.arguments(block.Shape, "")
	}
}

func (r reference) kind(kind *schema.Kind) {
	r.line("### %s\n\n%s\n", kind.Name, kind.Doc)
	r.line("Found by `%s`, which defaults to the block's label.\n", kind.Key)
	r.arguments(keyed(kind), "")
	if kind.Removal != "" {
		r.line("A `removed` block: %s\n", kind.Removal)
	}
	if len(kind.Cannot) > 0 {
		r.line("What the vendor does not allow:\n")
		for _, limit := range kind.Cannot {
			r.line("- **%s.** %s %s", limit.What, limit.Why, limit.Then)
		}
		r.line("")
	}
}

// keyed is a kind's shape with its key as a user sees it: it may be left out,
// because the block's label stands in.
func keyed(kind *schema.Kind) *schema.Shape {
	arguments := slices.Clone(kind.Shape.Arguments)
	if i, ok := kind.Shape.Index(kind.Key); ok {
		arguments[i].Required, arguments[i].Immutable = false, false
		arguments[i].DefaultDoc = cmp.Or(arguments[i].DefaultDoc, "the block's label")
	}
	return schema.NewShape(arguments...)
}

// arguments writes a table of a shape's arguments, nested ones behind a dot.
func (r reference) arguments(shape *schema.Shape, prefix string) {
	if prefix == "" {
		r.line("| Argument | Type | | What it is |\n|---|---|---|---|")
	}
	for i := range shape.Arguments {
		argument := &shape.Arguments[i]
		r.line("| `%s%s` | %s | %s | %s |", prefix, argument.Name, cell(argument.Type.String()), cell(traits(argument)), cell(doc(argument)))
		if nested := nestedShape(argument.Type); nested != nil {
			r.arguments(nested, prefix+argument.Name+".")
		}
	}
	if prefix == "" {
		r.line("")
	}
}

func nestedShape(t schema.Type) *schema.Shape {
	if t.Elem != nil {
		return nestedShape(*t.Elem)
	}
	return t.Shape
}

func traits(a *schema.Argument) string {
	var traits []string
	for _, t := range []struct {
		holds bool
		word  string
	}{
		{a.Required, "required"},
		{a.Computed && !a.Optional, "attribute"},
		{a.Secret, "secret"},
		{a.WriteOnly, "never read back"},
		{a.Immutable, "replaces the object"},
		{a.Nested, "block"},
	} {
		if t.holds {
			traits = append(traits, t.word)
		}
	}
	return strings.Join(traits, ", ")
}

func doc(a *schema.Argument) string {
	text := a.Doc
	switch {
	case a.DefaultDoc != "":
		text += " Default: " + a.DefaultDoc + "."
	case a.Default != nil:
		text += fmt.Sprintf(" Default: `%s`.", schema.Text(a.Default))
	case a.Fact != "":
		text += fmt.Sprintf(" Default: the connected vendor's (`%s`).", a.Fact)
	}
	if a.Env != "" {
		text += fmt.Sprintf(" Environment: `%s`.", a.Env)
	}
	return text
}

// cell keeps text inside a Markdown table cell.
func cell(text string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ").Replace(text)
}
