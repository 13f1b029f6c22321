package salesforce

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
)

// readFault finds the vendor's words in an error answer. There are three
// shapes: REST answers an array, OAuth an object, SOAP a fault.
func readFault(_ int, header http.Header, body []byte) rest.Fault {
	body = bytes.TrimSpace(body)
	switch {
	case len(body) == 0:
		return rest.Fault{}
	case body[0] == '[':
		return restFault(body)
	case body[0] == '{':
		return oauthFault(body)
	case body[0] == '<' && !strings.HasPrefix(header.Get("Content-Type"), "text/html"):
		return soapFault(body)
	}
	return rest.Fault{}
}

func restFault(body []byte) rest.Fault {
	var rows []struct {
		Code    string `json:"errorCode"`
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &rows) != nil || len(rows) == 0 {
		return rest.Fault{}
	}
	messages := make([]string, len(rows))
	for i, row := range rows {
		messages[i] = row.Message
	}
	return rest.Fault{Code: rows[0].Code, Message: strings.Join(messages, "; ")}
}

func oauthFault(body []byte) rest.Fault {
	var row struct {
		Code        string `json:"error"`
		Description string `json:"error_description"`
	}
	if json.Unmarshal(body, &row) != nil {
		return rest.Fault{}
	}
	return rest.Fault{Code: row.Code, Message: row.Description}
}

func soapFault(body []byte) rest.Fault {
	envelope, err := parseNode(body)
	if err != nil {
		return rest.Fault{}
	}
	fault := envelope.Child("Body").Child("Fault")
	if fault == nil {
		return rest.Fault{}
	}
	_, code, prefixed := strings.Cut(fault.Text("faultcode"), ":")
	if !prefixed {
		code = fault.Text("faultcode")
	}
	// A fault comes with status 500 and is a decision nevertheless, but for
	// these, which do not tell how far the server came.
	undecided := code == "UNKNOWN_EXCEPTION" || code == "SERVER_UNAVAILABLE" || code == "Server"
	return rest.Fault{
		Code:    code,
		Message: strings.TrimPrefix(fault.Text("faultstring"), code+": "),
		Final:   !undecided,
	}
}
