package config

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/lockstep-sync/lockstep/schema"
)

// pieceSize is about how much text is parsed at a time. The syntax tree of a
// piece takes some hundred times its size, and one is held per processor.
const pieceSize = 32 << 10

// A piece is a run of items of one file that are parsed together, or the
// blocks of a JSON file, which cannot be cut before it is parsed.
type piece struct {
	file   *file
	items  []item
	parsed hclsyntax.Blocks
	out    *results
}

// Results are the declarations of one piece. They have their place before the
// work starts, so that the order of the files is kept however it is spread.
type results struct{ declarations []*declaration }

// survey reads the files, cuts them into pieces, and parses the blocks that
// all others rest on.
func (l *loader) survey(names []string) {
	total := 0
	for _, name := range names {
		f := l.read(name)
		if f == nil {
			continue
		}
		total += len(f.src)
		if total > maxAllFiles {
			l.report(schema.Diagnostic{Severity: schema.Error, Summary: "Configuration too large",
				Detail: fmt.Sprintf("The files of this directory hold more than %d MiB together. Split the configuration over several directories.", maxAllFiles>>20)})
			return
		}
		if f.json {
			l.surveyJSON(f)
			continue
		}
		l.surveyNative(f)
	}
}

func (l *loader) read(name string) *file {
	limit := int64(maxNativeFile)
	if strings.HasSuffix(name, ".json") {
		limit = maxJSONFile
	}
	src, problem := readFile(name, limit)
	if problem != nil {
		l.report(*problem)
		l.broken = true
		return nil
	}
	f := newFile(name, src)
	l.files = append(l.files, f)
	l.conf.files[name] = f
	return f
}

func (l *loader) surveyNative(f *file) {
	items, problem := scanItems(f.name, f.src)
	if problem != nil {
		l.report(*problem)
		l.broken = true
	}
	start := 0
	flush := func(end int) {
		if start < end {
			p := piece{file: f, items: items[start:end], out: &results{}}
			l.pieces, l.order = append(l.pieces, p), append(l.order, p.out)
		}
		start = end
	}
	for i, it := range items {
		if isSetting(it.word) {
			flush(i)
			l.parseSetting(f, it)
			start = i + 1
			continue
		}
		l.declare(it.word, it.label)
		if it.end-items[start].start >= pieceSize {
			flush(i + 1)
		}
	}
	flush(len(items))
}

// declare notes that a block exists, before it is parsed.
func (l *loader) declare(kind, name string) {
	if l.scope.kinds[kind] == nil || name == "" {
		return
	}
	address := schema.NewAddress(kind, name)
	if !l.declared[address] {
		l.declared[address] = true
		l.names[kind] = append(l.names[kind], string(address[len(kind)+1:]))
	}
}

func (l *loader) parseSetting(f *file, it item) {
	body, ds := parseItems(f, []item{it})
	if ds.HasErrors() {
		l.broken = true
	}
	l.diags = append(l.diags, ds...)
	for _, b := range body.Blocks {
		l.aside[b.Type] = append(l.aside[b.Type], b)
	}
	l.diags = append(l.diags, strayArguments(body)...)
}

func (l *loader) surveyJSON(f *file) {
	blocks, ds := parseJSON(f.name, f.src, l.layouts, l.labels)
	f.src = nil
	l.diags = append(l.diags, ds...)
	l.broken = l.broken || ds.HasErrors()
	p := piece{file: f, parsed: hclsyntax.Blocks{}, out: &results{}}
	for _, b := range blocks {
		if isSetting(b.Type) {
			l.aside[b.Type] = append(l.aside[b.Type], b)
			continue
		}
		l.declare(b.Type, b.Labels[0])
		p.parsed = append(p.parsed, b)
	}
	l.pieces, l.order = append(l.pieces, p), append(l.order, p.out)
}

// parseItems parses a run of items of a file, with the right positions.
func parseItems(f *file, items []item) (*hclsyntax.Body, schema.Diagnostics) {
	first, last := items[0], items[len(items)-1]
	parsed, hds := hclsyntax.ParseConfig(f.src[first.start:last.end], f.name, hcl.Pos{Line: first.line, Column: 1, Byte: first.start})
	return parsed.Body.(*hclsyntax.Body), fromHCL(hds)
}

// parsePiece parses a piece. The parser gives up a piece at its first error,
// so then each item is parsed alone, and all errors are found.
func parsePiece(p piece) (hclsyntax.Blocks, schema.Diagnostics) {
	if p.parsed != nil {
		return p.parsed, nil
	}
	body, ds := parseItems(p.file, p.items)
	if !ds.HasErrors() {
		return body.Blocks, append(ds, strayArguments(body)...)
	}
	var blocks hclsyntax.Blocks
	ds = nil
	for i := range p.items {
		body, more := parseItems(p.file, p.items[i:i+1])
		ds = append(ds, more...)
		if more.HasErrors() {
			continue
		}
		ds = append(ds, strayArguments(body)...)
		blocks = append(blocks, body.Blocks...)
	}
	return blocks, ds
}

// strayArguments reports arguments that stand in no block.
func strayArguments(body *hclsyntax.Body) schema.Diagnostics {
	var ds schema.Diagnostics
	for _, a := range body.Attributes {
		ds = append(ds, errorAt(a.NameRange, "Argument outside a block",
			"The argument %q stands in no block. A value of your own belongs into locals { … } or a variable block; perhaps a closing brace above is one too many.", a.Name))
	}
	return ds
}

// decodeBlocks parses and decodes all pieces, on every processor.
func (l *loader) decodeBlocks() {
	workers := min(runtime.GOMAXPROCS(0), len(l.pieces))
	decoders := make([]*decoder, workers)
	var next, broken atomic.Int64
	var group sync.WaitGroup
	for w := range workers {
		d := l.newDecoder()
		decoders[w] = d
		group.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(l.pieces) || l.ctx.Err() != nil {
					return
				}
				if !l.decodePiece(d, l.pieces[i]) {
					broken.Add(1)
				}
			}
		})
	}
	group.Wait()
	for _, d := range decoders {
		l.take(d)
	}
	l.broken = l.broken || broken.Load() > 0
	for _, f := range l.files {
		f.src = nil
	}
	l.pieces = nil
	l.collect()
}

// decodePiece decodes the blocks of a piece; it returns false when a part of
// it could not even be parsed.
func (l *loader) decodePiece(d *decoder, p piece) bool {
	blocks, ds := parsePiece(p)
	d.diags = append(d.diags, ds...)
	for _, b := range blocks {
		kind := l.scope.kinds[b.Type]
		if kind == nil {
			d.report(l.unknownBlock(b))
			continue
		}
		p.out.declarations = append(p.out.declarations, d.block(b, kind))
	}
	return !ds.HasErrors()
}

func (l *loader) unknownBlock(b *hclsyntax.Block) schema.Diagnostic {
	return errorAt(b.TypeRange, "Unknown block", "There is no kind of block %q.%s", b.Type, suggest(b.Type, mapKeys(l.layouts)))
}

// collect puts the declarations in file order and finds addresses that are
// there twice.
func (l *loader) collect() {
	for _, slot := range l.order {
		for _, decl := range slot.declarations {
			if decl.address == "" {
				continue
			}
			first := l.byAddress[decl.address]
			if first == nil {
				l.byAddress[decl.address] = decl
				l.declarations = append(l.declarations, decl)
				continue
			}
			first.broken = true
			l.report(schema.Diagnostic{Severity: schema.Error, Summary: "Block declared twice", Address: decl.address,
				Detail:  fmt.Sprintf("The block %s is already declared at %s, and an address names one block. Rename one of the two, or take it out.", decl.address, first.header),
				Subject: decl.header})
		}
	}
	l.order = nil
}
