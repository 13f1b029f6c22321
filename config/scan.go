package config

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/lockstep-sync/lockstep/schema"
)

// The limits of what is read. They keep memory and stack bounded whatever the
// input is; each has its own diagnostic.
const (
	maxNativeFile = 64 << 20  // bytes of one .hcl file
	maxJSONFile   = 16 << 20  // JSON cannot be cut into pieces
	maxAllFiles   = 256 << 20 // bytes of one directory
	maxItem       = 4 << 20   // bytes of one top-level block
	maxDepth      = 200       // brackets, braces and templates within each other
	maxChain      = 20_000    // operators, calls and indexes of one top-level block
	maxDirectives = 1_000     // %{ … } of one top-level block
)

// An item is one top-level block or argument of a native file, found without
// parsing it.
type item struct {
	word, label string // of the header; label "" when there is none
	start, end  int    // byte offsets; an item owns the comments above it
	line        int    // where start stands
}

// A scanner walks over native HCL text. It understands just enough of it,
// strings, templates, heredocs, comments and brackets, to know where
// top-level items end and how deeply they nest. It accepts any text: what is
// wrong with it is for the parser to say.
type scanner struct {
	file  string
	src   []byte
	at    int
	line  int
	stack []byte   // the open brackets; see below
	marks []string // the end markers of open heredocs
	// What nests in the tree without nesting in the text, in this item.
	chain, directives int
}

// What can be open, besides {, [ and (.
const (
	inQuote    = '"'
	inHeredoc  = 'H'
	inTemplate = 'T' // ${ or %{, until its }
)

// scanItems cuts src into top-level items. It stops at the first item that
// breaks a limit and returns the items before it.
func scanItems(file string, src []byte) ([]item, *schema.Diagnostic) {
	s := &scanner{file: file, src: src, line: 1}
	var items []item
	for {
		it, ok, problem := s.next()
		if problem != nil {
			return items, problem
		}
		if !ok {
			return items, nil
		}
		items = append(items, it)
	}
}

// checkDepth reports whether an expression or template that did not come from
// a native file is within the limits that keep the parser's stack bounded.
func checkDepth(file string, line int, src string, template bool) *schema.Diagnostic {
	s := &scanner{file: file, src: []byte(src), line: line}
	if template {
		// As in a heredoc that never ends: quotes have no meaning.
		s.stack, s.marks = []byte{inHeredoc}, []string{"\n"}
	}
	for s.at < len(s.src) {
		if problem := s.step(); problem != nil {
			return problem
		}
	}
	return nil
}

// next returns the item that starts at the current place; ok is false when
// only space and comments are left.
func (s *scanner) next() (it item, ok bool, problem *schema.Diagnostic) {
	it = item{start: s.at, line: s.line}
	s.stack, s.marks, s.chain, s.directives = s.stack[:0], s.marks[:0], 0, 0
	for s.at < len(s.src) {
		c := s.src[s.at]
		if len(s.stack) == 0 {
			if c == '\n' && ok {
				_ = s.step() // over a line break, which is no problem
				break
			}
			if !ok && !isSpace(c) && !s.atComment() {
				ok = true
				it.word, it.label = header(s.src[s.at:])
			}
		}
		if problem := s.step(); problem != nil {
			return it, ok, problem
		}
	}
	it.end = s.at
	if it.end-it.start > maxItem {
		return it, ok, s.problem(it.line, "Block too large",
			fmt.Sprintf("This block is larger than %d MiB, the most that one block may hold. Perhaps a closing brace is missing; otherwise split it into several blocks.", maxItem>>20))
	}
	return it, ok, nil
}

// step moves past the next token, or a stretch of one.
func (s *scanner) step() *schema.Diagnostic {
	switch s.top() {
	case inQuote:
		return s.stepQuote()
	case inHeredoc:
		return s.stepHeredoc()
	}
	c := s.src[s.at]
	switch c {
	case '"':
		s.at++
		return s.push(inQuote)
	case '{', '[', '(':
		s.at++
		if c != '{' && s.afterValue() {
			s.chain++
		}
		if problem := s.push(c); problem != nil {
			return problem
		}
		return s.checkChain()
	case '}', ']', ')':
		s.at++
		s.pop()
		return nil
	case '\n':
		s.line++
		s.at++
		return nil
	}
	if s.atComment() {
		s.skipComment()
		return nil
	}
	if c == '<' && s.startHeredoc() {
		return s.push(inHeredoc)
	}
	if s.atOperator() {
		s.chain++
	}
	s.at++
	return s.checkChain()
}

// checkChain says when a block holds more operators than a tree should be
// deep.
func (s *scanner) checkChain() *schema.Diagnostic {
	if s.chain <= maxChain && s.directives <= maxDirectives {
		return nil
	}
	return s.problem(s.line, "Expression too long",
		fmt.Sprintf("This block holds more than %d operators, or more than %d template directives. Expressions of this size are refused, so that reading a configuration needs bounded memory. Move the data to a file and read it with jsondecode(file(…)).", maxChain, maxDirectives))
}

// atOperator reports whether an operator stands here. A dash within a name is
// none.
func (s *scanner) atOperator() bool {
	if bytes.IndexByte(operators, s.src[s.at]) < 0 {
		return false
	}
	inName := s.src[s.at] == '-' && s.at > 0 && isWord(s.src[s.at-1])
	return !inName
}

var operators = []byte("!+-*/%?<>&|") //nolint:gochecknoglobals // a table that is only read

// stepQuote moves on inside a quoted string.
func (s *scanner) stepQuote() *schema.Diagnostic {
	switch c := s.src[s.at]; c {
	case '\\':
		s.at += 2
		if s.at > len(s.src) {
			s.at = len(s.src)
		}
	case '"':
		s.at++
		s.pop()
	case '\n':
		// Not a string of HCL. Going on as code loses least.
		s.pop()
	case '$', '%':
		return s.stepTemplate(c)
	default:
		s.at++
	}
	return nil
}

// stepHeredoc moves on inside a heredoc, whose end marker stands alone on a
// line.
func (s *scanner) stepHeredoc() *schema.Diagnostic {
	switch c := s.src[s.at]; c {
	case '\n':
		s.line++
		s.at++
		line := s.src[s.at:]
		if end := bytes.IndexByte(line, '\n'); end >= 0 {
			line = line[:end]
		}
		if string(bytes.TrimSpace(line)) == s.marks[len(s.marks)-1] {
			s.at += len(line)
			s.pop()
			s.marks = s.marks[:len(s.marks)-1]
		}
	case '$', '%':
		return s.stepTemplate(c)
	default:
		s.at++
	}
	return nil
}

// stepTemplate moves past a $ or %, which may open a template: ${ does, $${
// does not.
func (s *scanner) stepTemplate(c byte) *schema.Diagnostic {
	rest := s.src[s.at:]
	switch {
	case len(rest) > 2 && rest[1] == c && rest[2] == '{':
		s.at += 3
	case len(rest) > 1 && rest[1] == '{':
		s.at += 2
		if c == '%' {
			s.directives++
		}
		if problem := s.push(inTemplate); problem != nil {
			return problem
		}
		return s.checkChain()
	default:
		s.at++
	}
	return nil
}

func (s *scanner) startHeredoc() bool {
	rest, ok := bytes.CutPrefix(s.src[s.at:], []byte("<<"))
	if !ok {
		return false
	}
	rest = bytes.TrimPrefix(rest, []byte("-"))
	end := bytes.IndexByte(rest, '\n')
	if end < 0 {
		return false
	}
	mark := string(bytes.TrimSuffix(rest[:end], []byte("\r")))
	if mark == "" || len(mark) > 256 || len(word([]byte(mark))) != len(mark) {
		return false
	}
	s.marks = append(s.marks, mark)
	s.at = len(s.src) - len(rest) + end // at the newline, where the end is looked for
	return true
}

func (s *scanner) atComment() bool {
	c := s.src[s.at]
	if c == '#' {
		return true
	}
	return c == '/' && s.at+1 < len(s.src) && (s.src[s.at+1] == '/' || s.src[s.at+1] == '*')
}

func (s *scanner) skipComment() {
	rest := s.src[s.at:]
	end := len(rest)
	if bytes.HasPrefix(rest, []byte("/*")) {
		if i := bytes.Index(rest[2:], []byte("*/")); i >= 0 {
			end = i + 4
		}
	} else if i := bytes.IndexByte(rest, '\n'); i >= 0 {
		end = i
	}
	s.line += bytes.Count(rest[:end], []byte("\n"))
	s.at += end
}

// afterValue reports whether the bracket just passed follows a value, and so
// is an index or a call.
func (s *scanner) afterValue() bool {
	if s.at < 2 {
		return false
	}
	c := s.src[s.at-2]
	return isWord(c) || c == ')' || c == ']' || c == '}' || c == '"'
}

func (s *scanner) top() byte {
	if len(s.stack) == 0 {
		return 0
	}
	return s.stack[len(s.stack)-1]
}

func (s *scanner) push(c byte) *schema.Diagnostic {
	if len(s.stack) == maxDepth {
		return s.problem(s.line, "Nested too deeply",
			fmt.Sprintf("Blocks, brackets and templates stand more than %d deep within each other here. No configuration needs that; perhaps a closing bracket is missing.", maxDepth))
	}
	s.stack = append(s.stack, c)
	return nil
}

func (s *scanner) pop() {
	if len(s.stack) > 0 {
		s.stack = s.stack[:len(s.stack)-1]
	}
}

func (s *scanner) problem(line int, summary, detail string) *schema.Diagnostic {
	at := schema.Pos{Line: int32(line), Column: 1, Byte: int32(min(s.at, len(s.src)))}
	return &schema.Diagnostic{
		Severity: schema.Error, Summary: summary, Detail: detail,
		Subject: schema.Range{File: s.file, Start: at, End: at},
	}
}

// header returns the first word of an item and, of a block, its first label.
func header(src []byte) (name, label string) {
	name = string(word(src))
	rest := bytes.TrimLeft(src[len(name):], " \t")
	if len(rest) == 0 || rest[0] != '"' {
		return name, string(word(rest))
	}
	for i := 1; i < len(rest) && rest[i] != '\n'; i++ {
		if rest[i] == '\\' {
			i++
			continue
		}
		if rest[i] == '"' {
			label, err := strconv.Unquote(string(rest[:i+1]))
			if err != nil {
				return name, string(rest[1:i])
			}
			return name, label
		}
	}
	return name, ""
}

// word returns the identifier that src starts with.
func word(src []byte) []byte {
	i := 0
	for i < len(src) && isWord(src[i]) {
		i++
	}
	return src[:i]
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c >= 0x80
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
