package config

import (
	"fmt"
	"os"
	"path/filepath"
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

// keptText is how much text of a file is kept between cutting and parsing. The
// pieces of larger files are read again.
const keptText = 1 << 20

// A piece is a run of items of one file that are parsed together, or the
// blocks of a JSON file, which cannot be cut before it is parsed.
type piece struct {
	file       *file
	start, end int // byte offsets
	line       int
	parsed     hclsyntax.Blocks
	out        *results
}

// Results are the declarations of one piece. They have their place before the
// work starts, so that the order of the files is kept however it is spread.
type results struct{ declarations []*declaration }

// survey reads the files, cuts them into pieces, and parses the blocks that
// all others rest on.
func (l *loader) survey(paths []string) {
	total := 0
	for _, path := range paths {
		f := l.read(path)
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

func (l *loader) read(path string) *file {
	limit := int64(maxNativeFile)
	if strings.HasSuffix(path, ".json") {
		limit = maxJSONFile
	}
	src, problem := readFile(path, limit)
	if problem != nil {
		l.report(*problem)
		l.broken = true
		return nil
	}
	f := newFile(filepath.Base(path), path, src)
	l.files = append(l.files, f)
	l.conf.files[f.name] = f
	return f
}

func (l *loader) surveyNative(f *file) {
	var p piece
	flush := func() {
		if p.end > p.start {
			p.out = &results{}
			l.pieces, l.order = append(l.pieces, p), append(l.order, p.out)
		}
		p = piece{}
	}
	for s := (&scanner{file: f.name, src: f.src, line: 1}); ; {
		it, ok, problem := s.next()
		if problem != nil {
			l.report(*problem)
			l.broken = true
		}
		if problem != nil || !ok {
			break
		}
		if isSetting(it.word) {
			flush()
			l.parseSetting(f, it)
			continue
		}
		l.declare(it.word, it.label)
		if p.file == nil {
			p = piece{file: f, start: it.start, line: it.line}
		}
		p.end = it.end
		if p.end-p.start >= pieceSize {
			flush()
		}
	}
	flush()
	if len(f.src) > keptText {
		f.src = nil
	}
}

// declare notes that a block exists, before it is parsed.
func (l *loader) declare(kind, name string) {
	if l.scope.kinds[kind] == nil || name == "" {
		return
	}
	address := schema.NewAddress(kind, name)
	if l.byAddress[address] == nil {
		l.byAddress[address] = &declaration{address: address}
	}
}

func (l *loader) parseSetting(f *file, it item) {
	body, ds := parseText(f, f.src[it.start:it.end], it.start, it.line)
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

// parseText parses a stretch of a file, with the right positions.
func parseText(f *file, src []byte, start, line int) (*hclsyntax.Body, schema.Diagnostics) {
	parsed, hds := hclsyntax.ParseConfig(src, f.name, hcl.Pos{Line: line, Column: 1, Byte: start})
	return parsed.Body.(*hclsyntax.Body), fromHCL(hds)
}

// text returns the text of a piece.
func (p *piece) text() ([]byte, *schema.Diagnostic) {
	if p.file.src != nil {
		return p.file.src[p.start:p.end], nil
	}
	src := make([]byte, p.end-p.start)
	f, err := os.Open(p.file.path)
	if err == nil {
		_, err = f.ReadAt(src, int64(p.start))
		_ = f.Close() // nothing was written
	}
	if err != nil {
		d := unreadable(p.file.path, err)
		return nil, &d
	}
	return src, nil
}

// blocks parses a piece. The parser gives up a piece at its first error, so
// then each item is parsed alone, and all errors are found.
func (p *piece) blocks() (hclsyntax.Blocks, schema.Diagnostics) {
	if p.parsed != nil {
		return p.parsed, nil
	}
	src, problem := p.text()
	if problem != nil {
		return nil, schema.Diagnostics{*problem}
	}
	body, ds := parseText(p.file, src, p.start, p.line)
	if !ds.HasErrors() {
		return body.Blocks, append(ds, strayArguments(body)...)
	}
	var blocks hclsyntax.Blocks
	ds = nil
	items, _ := scanItems(p.file.name, src)
	for _, it := range items {
		body, more := parseText(p.file, src[it.start:it.end], p.start+it.start, p.line+it.line-1)
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
			for wrong := 0; ; {
				i := int(next.Add(1)) - 1
				if i >= len(l.pieces) || l.ctx.Err() != nil {
					return
				}
				if wrong > maxDiagnostics { // more would not be listed, and a file of garbage has millions
					broken.Add(1)
					return
				}
				before := len(d.diags)
				if !l.decodePiece(d, &l.pieces[i]) {
					broken.Add(1)
				}
				wrong += countErrors(d.diags[before:])
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

func countErrors(ds schema.Diagnostics) int {
	n := 0
	for _, d := range ds {
		if d.Severity == schema.Error {
			n++
		}
	}
	return n
}

// decodePiece decodes the blocks of a piece; it returns false when a part of
// it could not even be parsed.
func (l *loader) decodePiece(d *decoder, p *piece) bool {
	blocks, ds := p.blocks()
	d.diags = append(d.diags, ds...)
	for _, b := range blocks {
		kind := l.scope.kinds[b.Type]
		if kind == nil {
			d.report(l.unknownBlock(b))
			continue
		}
		if decl := d.block(b, kind); decl != nil {
			p.out.declarations = append(p.out.declarations, decl)
		}
	}
	return !ds.HasErrors()
}

func (l *loader) unknownBlock(b *hclsyntax.Block) schema.Diagnostic {
	return errorAt(b.TypeRange, "Unknown block", "There is no kind of block %q.%s", b.Type, suggest(b.Type, mapKeys(l.layouts)))
}

// collect puts the declarations in file order and finds addresses that are
// there twice.
func (l *loader) collect() {
	l.declarations = make([]*declaration, 0, len(l.byAddress))
	for _, slot := range l.order {
		for _, decl := range slot.declarations {
			first := l.byAddress[decl.address]
			if first == nil || first.kind == nil {
				l.byAddress[decl.address] = decl
				l.declarations = append(l.declarations, decl)
				continue
			}
			first.broken = true
			l.report(schema.Diagnostic{Severity: schema.Error, Summary: "Block declared twice", Address: decl.address,
				Detail:  fmt.Sprintf("The block %s is already declared at %s, and an address names one block. Rename one of the two, or take it out.", decl.address, first.header()),
				Subject: decl.header()})
		}
	}
	l.order = nil
	for _, decl := range l.byAddress {
		decl.broken = decl.broken || decl.kind == nil // it could not be parsed
	}
}
