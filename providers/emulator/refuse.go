package emulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// A wording is how Salesforce words a refusal.
type wording struct{ code, message string }

// wordings are the vendor's texts (VERIFIED for sessions and limits, recalled
// for the others).
func wordings() map[Kind]wording {
	return map[Kind]wording{
		Unauthorized: {"INVALID_SESSION_ID", "Session expired or invalid"},
		NoREST:       {"INVALID_SESSION_ID", "This session is not valid for use with the REST API"},
		NoAgentApp:   {"INVALID_SESSION_ID", "Connected app is not attached to Agent"},
		Forbidden:    {"INSUFFICIENT_ACCESS", "insufficient access rights on cross-reference id"},
		DailyLimit:   {"REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."},
		Concurrency:  {"REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."},
		Gone:         {"ORG_NOT_FOUND", "The org is deleted or has expired"},
		Throttled:    {"TOO_MANY_REQUESTS", "Too many requests"},
		ServerError:  {"UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId if you contact support: 1418224-7 (-1)"},
		CommitError:  {"UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId if you contact support: 1418224-7 (-2)"},
		Unavailable:  {"SERVER_UNAVAILABLE", "Server is too busy"},
		LockedRow:    {"UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records"},
	}
}

// defaultRetryAfter is what a throttled answer asks for unless the fault says.
const defaultRetryAfter = 1

// refuse answers a fault in the shape that the vendor gives to such a path.
func refuse(vendor, path string, f *Fault) *answer {
	if f.Kind == Status {
		return newAnswer(f.Status, contentTypeOf(f.Body), f.Body)
	}
	status, words := kinds()[f.Kind], wordings()[f.Kind]
	var a *answer
	switch {
	case vendor == CXone:
		a = refuseCXone(path, status, words)
	case isSOAP(path):
		a = refuseSOAP(status, words)
	case strings.Contains(path, "/oauth2/"):
		a = jsonAnswer(status, map[string]string{"error": "unknown_error", "error_description": "retry your request"})
	default:
		a = jsonAnswer(status, []map[string]string{{"message": words.message, "errorCode": words.code}})
	}
	if f.Kind == Throttled || f.RetryAfter > 0 {
		a.header.Set("Retry-After", strconv.Itoa(cmp.Or(f.RetryAfter, defaultRetryAfter)))
	}
	return a
}

// refuseCXone: the ACD leaves the body empty and puts the reason in a header;
// the others answer an object (UNCERTAIN for faults of this kind).
func refuseCXone(path string, status int, words wording) *answer {
	a := jsonAnswer(status, map[string]string{"error": strings.ToLower(words.code), "error_description": words.message})
	if strings.HasPrefix(strings.ToLower(path), "/incontactapi/") {
		a = newAnswer(status, "application/json", "")
	}
	a.header.Set("icStatusDescription", words.message)
	return a
}

// refuseSOAP answers a fault with HTTP 500; what the edge refuses is no SOAP.
func refuseSOAP(status int, words wording) *answer {
	if status == 420 || status == http.StatusTooManyRequests {
		return newAnswer(status, "text/plain", words.message)
	}
	return newAnswer(http.StatusInternalServerError, "text/xml; charset=utf-8", fmt.Sprintf(
		`<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:sf="http://soap.sforce.com/2006/04/metadata">`+
			`<soapenv:Body><soapenv:Fault><faultcode>sf:%s</faultcode><faultstring>%s: %s</faultstring></soapenv:Fault></soapenv:Body></soapenv:Envelope>`,
		words.code, words.code, words.message))
}

func jsonAnswer(status int, body any) *answer {
	encoded, _ := json.Marshal(body) // texts always encode
	return newAnswer(status, "application/json;charset=UTF-8", string(encoded))
}

func contentTypeOf(body string) string {
	if json.Valid([]byte(body)) {
		return "application/json;charset=UTF-8"
	}
	return "text/html;charset=UTF-8"
}
