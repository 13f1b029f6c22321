package salesforce

import (
	"fmt"
	"net/http"
	"strings"
)

// An envelope is a SOAP 1.1 request, read by namespaces and local names:
// clients choose their prefixes freely.
type envelope struct {
	sessionID string
	allOrNone bool
	operation *node // the body's first element
}

// A fault is how SOAP says no. Its code carries a prefix: sf: for the
// vendor's own, soapenv: for those of the protocol.
type fault struct {
	prefix, code, text string
}

func (f *fault) Error() string { return f.code + ": " + f.text }

// sfFault makes one of the vendor's faults.
func sfFault(code, format string, args ...any) *fault {
	return &fault{prefix: "sf", code: code, text: fmt.Sprintf(format, args...)}
}

// clientFault is the answer to a request that is no request.
func clientFault(format string, args ...any) *fault {
	return &fault{prefix: "soapenv", code: "Client", text: fmt.Sprintf(format, args...)}
}

// parseEnvelope reads a request whose body's first element is in the
// namespace wanted.
func parseEnvelope(body []byte, namespace string) (*envelope, error) {
	root, err := parseXML(body)
	if err != nil {
		return nil, clientFault("The request is not well-formed: %v", err)
	}
	if root.space != soapNS || root.name != "Envelope" {
		return nil, clientFault("Missing start element {%s}Envelope", soapNS)
	}
	e := &envelope{}
	for _, part := range root.children {
		switch {
		case part.space != soapNS:
		case part.name == "Header":
			e.readHeader(part, namespace)
		case part.name == "Body" && len(part.children) > 0:
			e.operation = part.children[0]
		}
	}
	if e.operation == nil {
		return nil, clientFault("The SOAP body is empty")
	}
	if e.operation.space != namespace {
		return nil, noOperation(e.operation)
	}
	return e, nil
}

func noOperation(n *node) *fault {
	return clientFault("No operation available for request {%s}%s, please check the WSDL for the service.", n.space, n.name)
}

// readHeader takes the headers that are in the service's namespace, wherever
// that is declared. Others are ignored, as SOAP asks.
func (e *envelope) readHeader(header *node, namespace string) {
	for _, h := range header.children {
		if h.space != namespace {
			continue
		}
		switch h.name {
		case "SessionHeader":
			e.sessionID = h.get("sessionId")
		case "AllOrNoneHeader":
			e.allOrNone = h.get("allOrNone") == "true"
		}
	}
}

// writeSOAP sends the children of an answer: <createMetadataResponse> and
// what is in it.
func writeSOAP(w http.ResponseWriter, namespace string, response *node) {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="` + soapNS +
		`" xmlns="` + namespace + `" xmlns:xsi="` + xsiNS + `"><soapenv:Body>`)
	response.write(&b)
	b.WriteString(`</soapenv:Body></soapenv:Envelope>`)
	sendXML(w, http.StatusOK, b.String())
}

// writeFault sends a fault. Every fault is HTTP 500, an ended session's too
// (VERIFIED).
func writeFault(w http.ResponseWriter, namespace string, f *fault) {
	text := f.text
	if f.prefix == "sf" {
		text = f.code + ": " + text
	}
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="` + soapNS + `" xmlns:sf="` + namespace +
		`"><soapenv:Body><soapenv:Fault>`)
	leaf("faultcode", f.prefix+":"+f.code).write(&b)
	leaf("faultstring", text).write(&b)
	b.WriteString(`</soapenv:Fault></soapenv:Body></soapenv:Envelope>`)
	sendXML(w, http.StatusInternalServerError, b.String())
}

func sendXML(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body)) // held back until complete: never errs
}
