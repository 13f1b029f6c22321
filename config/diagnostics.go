package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/lockstep-sync/lockstep/schema"
)

// maxDiagnostics bounds what one load says about a file of garbage.
const maxDiagnostics = 1000

// place turns a range of hcl's into ours.
func place(r hcl.Range) schema.Range {
	return schema.Range{File: r.Filename, Start: pos(r.Start), End: pos(r.End)}
}

func placeOf(r *hcl.Range) schema.Range {
	if r == nil {
		return schema.Range{}
	}
	return place(*r)
}

func pos(p hcl.Pos) schema.Pos {
	return schema.Pos{Line: int32(p.Line), Column: int32(p.Column), Byte: int32(p.Byte)}
}

// errorAt makes an error about a stretch of a file.
func errorAt(r hcl.Range, summary, format string, args ...any) schema.Diagnostic {
	return schema.Diagnostic{Severity: schema.Error, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: place(r)}
}

// warningAt makes a warning about a stretch of a file.
func warningAt(r hcl.Range, summary, format string, args ...any) schema.Diagnostic {
	d := errorAt(r, summary, format, args...)
	d.Severity = schema.Warning
	return d
}

// fromHCL turns hcl's diagnostics into ours. Their expression and evaluation
// context are dropped, because these hold values.
func fromHCL(hds hcl.Diagnostics) schema.Diagnostics {
	var ds schema.Diagnostics
	for _, hd := range hds {
		d := schema.Diagnostic{
			Severity: schema.Error, Summary: hd.Summary, Detail: hd.Detail,
			Subject: placeOf(hd.Subject), Context: placeOf(hd.Context),
		}
		if hd.Severity == hcl.DiagWarning {
			d.Severity = schema.Warning
		}
		if extra, ok := hcl.DiagnosticExtra[hclsyntax.FunctionCallUnknownDiagExtra](hd); ok {
			d.Detail += suggest(extra.CalledFunctionName(), functionNames(hd.EvalContext))
		}
		if before, _, panicked := strings.Cut(d.Detail, "panic in function implementation"); panicked {
			d.Detail = before + "it broke down on these arguments. This is a bug of the function; use simpler arguments and report it."
		}
		// These messages quote the text itself, which may be a secret whose
		// quotation marks were forgotten.
		if hd.Summary == "Invalid JSON keyword" {
			d.Detail = "This is not a value of JSON: text must be enclosed in double quotes, and the only bare words are true, false and null."
		}
		ds = append(ds, d)
	}
	return ds
}

// functionNames lists the functions of a context.
func functionNames(ctx *hcl.EvalContext) []string {
	var names []string
	for ; ctx != nil; ctx = ctx.Parent() {
		names = append(names, mapKeys(ctx.Functions)...)
	}
	return names
}

// tidy sorts diagnostics by place, drops repetitions, which for_each makes,
// and bounds their number.
func tidy(ds schema.Diagnostics) schema.Diagnostics {
	slices.SortStableFunc(ds, func(a, b schema.Diagnostic) int {
		return cmp.Or(
			strings.Compare(a.Subject.File, b.Subject.File),
			cmp.Compare(a.Subject.Start.Byte, b.Subject.Start.Byte),
		)
	})
	type sight struct {
		subject         schema.Range
		summary, detail string
	}
	seen := make(map[sight]bool, len(ds))
	ds = slices.DeleteFunc(ds, func(d schema.Diagnostic) bool {
		s := sight{d.Subject, d.Summary, d.Detail}
		again := seen[s]
		seen[s] = true
		return again
	})
	if len(ds) > maxDiagnostics {
		// Errors decide; a bound that keeps only warnings would hide them.
		slices.SortStableFunc(ds, func(a, b schema.Diagnostic) int { return cmp.Compare(a.Severity, b.Severity) })
		ds = append(ds[:maxDiagnostics:maxDiagnostics], schema.Diagnostic{
			Severity: ds[0].Severity, Summary: "Too many problems",
			Detail: fmt.Sprintf("More than %d problems were found, and the others are not listed. Repair these first and look again.", maxDiagnostics),
		})
	}
	return ds
}

// scrub replaces secrets in diagnostics. No message is made from a secret; but
// messages of functions quote their arguments, and this is the last gate.
func scrub(ds schema.Diagnostics, secrets []string) schema.Diagnostics {
	var pairs []string
	slices.SortFunc(secrets, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b)) })
	for _, s := range slices.Compact(secrets) {
		// Shorter texts occur by chance, and hiding them would give them away.
		if len(s) >= 4 {
			quoted := strconv.Quote(s)
			pairs = append(pairs, s, schema.Redacted, quoted[1:len(quoted)-1], schema.Redacted)
		}
	}
	if len(pairs) == 0 {
		return ds
	}
	replacer := strings.NewReplacer(pairs...)
	for i := range ds {
		ds[i].Detail = replacer.Replace(ds[i].Detail)
	}
	return ds
}

// suggest returns a sentence that names the candidate nearest to a misspelt
// name, " " before it, or "".
func suggest(name string, candidates []string) string {
	best := schema.Suggest(name, sorted(candidates))
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" Did you mean %q?", best)
}

// listing joins names for a sentence: "a", "b" and "c".
func listing(names []string, conjunction string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = fmt.Sprintf("%q", n)
	}
	switch len(quoted) {
	case 0:
		return "nothing"
	case 1:
		return quoted[0]
	}
	last := len(quoted) - 1
	return strings.Join(quoted[:last], ", ") + " " + conjunction + " " + quoted[last]
}
