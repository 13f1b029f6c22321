package config

import (
	"bytes"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/lockstep-sync/lockstep/schema"
)

// Format returns the text of a native file in the one style. The JSON form is
// returned as it is: it has tools of its own. Text that is not valid is not
// touched, and the diagnostics say why.
func Format(name string, src []byte) ([]byte, schema.Diagnostics) {
	if strings.HasSuffix(name, ".json") {
		return src, nil
	}
	if problem := checkText(name, src); problem != nil {
		return src, schema.Diagnostics{*problem}
	}
	items, problem := scanItems(name, src)
	if problem != nil {
		return src, schema.Diagnostics{*problem}
	}
	f := newFile(name, name, src)
	var ds schema.Diagnostics
	for i := range items {
		_, more := hclsyntax.ParseConfig(src[items[i].start:items[i].end], f.name, hcl.Pos{Line: items[i].line, Column: 1, Byte: items[i].start})
		ds = append(ds, fromHCL(more)...)
	}
	if ds.HasErrors() {
		return src, tidy(ds)
	}
	return hclwrite.Format(bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n"))), nil
}
