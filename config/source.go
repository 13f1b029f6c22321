package config

import (
	"bytes"
	"context"
	"crypto/sha256"
	"os"
	"regexp"
	"strings"

	"github.com/lockstep-sync/lockstep/schema"
)

// Source returns the text of a file of the configuration, to show the lines that
// a diagnostic or a change is about. Values of secret arguments are masked;
// everything stands where it stood. It returns nil for a file that is not one
// of the configuration's or has changed since it was loaded.
//
// Texts are read again rather than kept, because a large configuration's would
// outweigh its objects.
func (c *Configuration) Source(name string) []byte {
	f := c.files[name]
	if f == nil {
		return nil
	}
	src, err := os.ReadFile(f.path) //nolint:gosec // a name that was read before
	if err != nil || sha256.Sum256(src) != f.sum {
		return nil
	}
	for _, r := range c.reveal {
		if r.file == name && r.start <= r.end && r.end <= len(src) {
			maskBytes(src[r.start:r.end])
		}
	}
	c.maskByName(src)
	return src
}

// Mask returns the text of a file as it may be shown when it has not been
// loaded: what is set to the name of a secret argument is masked, and
// everything stands where it stood.
func Mask(vendors []*schema.Vendor, src []byte) []byte {
	masked := bytes.Clone(src)
	newLoader(context.Background(), Options{Vendors: vendors}).conf.maskByName(masked)
	return masked
}

// maskBytes replaces all but line breaks.
func maskBytes(text []byte) {
	for i, c := range text {
		if c != '\n' && c != '\r' {
			text[i] = '*'
		}
	}
}

// maskByName masks texts that are set to a name that is a secret argument's.
// In a file with a syntax error nothing else tells.
func (c *Configuration) maskByName(src []byte) {
	if len(c.hidden) == 0 {
		return
	}
	assignment := regexp.MustCompile(`\b(?:` + alternatives(c.hidden) + `)"?[ \t]*[=:][ \t]*`)
	harmless := regexp.MustCompile(`^(?:(?:env|secret|file)\("[^"\\]*"\)|(?:"\$\{)?(?:var|local|each|` + alternatives(c.kinds) + `)\.[\w.\-]+(?:\}")?)\s*(?:#.*|[,}].*)?$`)
	for _, at := range assignment.FindAllIndex(src, -1) {
		maskValue(src, at[1], harmless)
	}
}

func alternatives(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = regexp.QuoteMeta(name)
	}
	return strings.Join(quoted, "|")
}

// maskValue masks what stands from an offset to the end of the line, or the
// heredoc that begins there, unless it only names where a value comes from.
func maskValue(src []byte, start int, harmless *regexp.Regexp) {
	end := lineEnd(src, start)
	value := src[start:end]
	if mark, ok := bytes.CutPrefix(bytes.TrimSpace(value), []byte("<<")); ok {
		maskHeredoc(src[end:], bytes.TrimPrefix(mark, []byte("-")))
		return
	}
	if !harmless.Match(value) {
		maskBytes(value)
	}
}

func maskHeredoc(src, mark []byte) {
	for start := 0; start < len(src); {
		end := lineEnd(src, start)
		line := src[start:end]
		if bytes.Equal(bytes.TrimSpace(line), mark) {
			return
		}
		maskBytes(line)
		start = end + 1
	}
}

func lineEnd(src []byte, start int) int {
	if i := bytes.IndexByte(src[start:], '\n'); i >= 0 {
		return start + i
	}
	return len(src)
}
