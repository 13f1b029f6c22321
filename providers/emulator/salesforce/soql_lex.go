package salesforce

import (
	"fmt"
	"strings"
)

type tokenKind int

const (
	endOfText   tokenKind = iota
	name                  // a word, dots included
	quoted                // a text in single quotes, without them
	number                // whatever begins with a digit or a sign: numbers, dates
	punctuation           // a comma, a parenthesis, an operator
)

type token struct {
	kind tokenKind
	text string
	at   int // byte offset
}

// lexSOQL cuts a query into tokens; the last one is always endOfText.
func lexSOQL(text string) ([]token, error) {
	var tokens []token
	for i := 0; i < len(text); {
		c := text[i]
		switch c {
		case ' ', '\t', '\n', '\r':
			i++
			continue
		case '\'':
			value, end, err := lexQuoted(text, i+1)
			if err != nil {
				return nil, err
			}
			tokens = append(tokens, token{quoted, value, i})
			i = end
			continue
		}
		kind, end := lexWord(text, i)
		if end == i {
			return nil, fmt.Errorf("line 1:%d no viable alternative at character '%c'", i, c)
		}
		tokens = append(tokens, token{kind, text[i:end], i})
		i = end
	}
	return append(tokens, token{kind: endOfText, at: len(text)}), nil
}

// lexWord returns the kind and the end of the token at i; an end of i is no
// token at all.
func lexWord(text string, i int) (tokenKind, int) {
	c := text[i]
	switch {
	case isLetter(c):
		return name, scan(text, i, func(c byte) bool { return isLetter(c) || isDigit(c) || c == '.' })
	case isDigit(c), c == '-', c == '+':
		return number, scan(text, i, func(c byte) bool { return isDigit(c) || isLetter(c) || strings.IndexByte("-+:.", c) >= 0 })
	case strings.IndexByte("(),=", c) >= 0:
		return punctuation, i + 1
	case strings.IndexByte("<>!", c) >= 0:
		if next := text[i+1:]; next != "" && (next[0] == '=' || c == '<' && next[0] == '>') {
			return punctuation, i + 2
		}
		if c != '!' {
			return punctuation, i + 1
		}
	}
	return endOfText, i
}

func scan(text string, i int, belongs func(byte) bool) int {
	for i < len(text) && belongs(text[i]) {
		i++
	}
	return i
}

// lexQuoted reads up to the closing quote and undoes the language's escapes.
// An escaped % or _ keeps its backslash, for LIKE to see.
func lexQuoted(text string, i int) (value string, end int, err error) {
	var b strings.Builder
	for i < len(text) {
		c := text[i]
		i++
		switch {
		case c == '\'':
			return b.String(), i, nil
		case c != '\\':
			b.WriteByte(c)
			continue
		case i == len(text):
			continue
		}
		escaped, ok := unescape(text[i])
		if !ok {
			return "", i, fmt.Errorf("Illegal character sequence '\\%c' in string literal", text[i]) //nolint:staticcheck // the vendor's words
		}
		b.WriteString(escaped)
		i++
	}
	return "", i, fmt.Errorf("unterminated string literal")
}

func unescape(c byte) (string, bool) {
	switch c {
	case '\'', '"', '\\':
		return string(c), true
	case 'n', 'N':
		return "\n", true
	case 'r', 'R':
		return "\r", true
	case 't', 'T':
		return "\t", true
	case 'b', 'B':
		return "\b", true
	case 'f', 'F':
		return "\f", true
	case '%', '_':
		return `\` + string(c), true
	}
	return "", false
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
