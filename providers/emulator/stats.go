package emulator

import (
	"bytes"
	"encoding/xml"
	"maps"
	"regexp"
	"strings"
	"sync"
)

// Stats is the number of calls by vendor and endpoint: method and path with
// Ids and versions left out, and for SOAP the operation.
type Stats map[string]map[string]int

// Total returns the number of calls to one vendor, or with "" to both.
func (s Stats) Total(vendor string) int {
	total := 0
	for name, endpoints := range s {
		if vendor != "" && vendor != name {
			continue
		}
		for _, n := range endpoints {
			total += n
		}
	}
	return total
}

type counter struct {
	mu    sync.Mutex
	calls int // since the start; a reset leaves it
	stats Stats
}

func newCounter() *counter { return &counter{stats: Stats{Salesforce: {}, CXone: {}}} }

// count adds a call and returns its number.
func (c *counter) count(vendor, endpoint string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	c.stats[vendor][endpoint]++
	return c.calls
}

func (c *counter) snapshot() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	copied := Stats{}
	for vendor, endpoints := range c.stats {
		copied[vendor] = maps.Clone(endpoints)
	}
	return copied
}

func (c *counter) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats = Stats{Salesforce: {}, CXone: {}}
}

// What a path holds that differs from call to call.
var (
	versionPart = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)^v?[0-9]+\.0$`) })
	idPart      = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^([0-9]+|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[0-9][a-zA-Z0-9]{2}[a-zA-Z0-9]{12}([a-zA-Z0-9]{3})?(-[0-9]+)?|[a-zA-Z0-9_-]{22}==)$`)
	})
)

// endpoint is what a call is counted under.
func endpoint(method, path string, body []byte) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	kept := parts[:0]
	for _, part := range parts {
		switch {
		case part == "": // a slash too many
			continue
		case versionPart().MatchString(part):
			part = "{version}"
		case idPart().MatchString(part):
			part = "{id}"
		}
		kept = append(kept, part)
	}
	name := method + " /" + strings.Join(kept, "/")
	if isSOAP(path) {
		name += " " + operation(body)
	}
	return name
}

func isSOAP(path string) bool { return strings.Contains(strings.ToLower(path), "/services/soap/") }

// operation is the first element of a SOAP body, "" when there is none.
func operation(body []byte) string {
	decoder, inBody := xml.NewDecoder(bytes.NewReader(body)), false
	for {
		token, err := decoder.Token()
		if err != nil {
			return ""
		}
		start, ok := token.(xml.StartElement)
		switch {
		case !ok:
		case inBody:
			return start.Name.Local
		default:
			inBody = start.Name.Local == "Body"
		}
	}
}
