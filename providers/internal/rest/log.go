package rest

import (
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

// log writes one line per attempt. It shows no header and no body, and of the
// query only what is known to hold no secret.
func (t *Transport) log(req *http.Request, o outcome, attempt int, took time.Duration) {
	ctx := req.Context()
	if !t.settings.Log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	attrs := []slog.Attr{
		slog.String("method", req.Method),
		slog.String("host", req.URL.Host),
		slog.String("path", req.URL.Path),
		slog.String("query", safeQuery(req.URL.Query())),
		slog.String("purpose", purposeName(schema.PurposeOf(ctx))),
		slog.Int("attempt", attempt),
		slog.Duration("took", took),
	}
	if o.status != 0 {
		attrs = append(attrs, slog.Int("status", o.status))
	}
	if o.fault.Code != "" {
		attrs = append(attrs, slog.String("code", clean(o.fault.Code, t.settings.Scrub)))
	}
	if o.err != nil {
		attrs = append(attrs, slog.String("error", clean(o.err.Error(), t.settings.Scrub)))
	}
	t.settings.Log.LogAttrs(ctx, slog.LevelDebug, "call", attrs...)
}

// safeQuery writes a query with the values of unknown parameters left out.
// SOQL (q) is built from names and Ids, never from secrets.
func safeQuery(query url.Values) string {
	names := make([]string, 0, len(query))
	for name := range query {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		value := schema.Redacted
		if isSafeParameter(name) {
			value = strings.Join(query[name], ",")
		}
		names[i] = name + "=" + value
	}
	return strings.Join(names, "&")
}

func isSafeParameter(name string) bool {
	switch name {
	case "q", "skip", "top", "fields", "orderBy", "isActive", "activeOnly", "updatedSince",
		"includeDetails", "part", "tenantId", "ids", "allOrNone", "state", "outStateId":
		return true
	}
	return false
}

func purposeName(p schema.Purpose) string {
	switch p {
	case schema.Reading:
		return "reading"
	case schema.Writing:
		return "writing"
	case schema.Polling:
		return "polling"
	case schema.ReadBack:
		return "read-back"
	case schema.SignIn:
		return "sign-in"
	}
	return "reading"
}

// hasHTML tells a page meant for a browser.
func hasHTML(header http.Header, body []byte) bool {
	if strings.HasPrefix(header.Get("Content-Type"), "text/html") && len(body) > 0 {
		return true
	}
	start := strings.ToLower(strings.TrimSpace(string(body[:min(len(body), 64)])))
	return strings.HasPrefix(start, "<!doctype html") || strings.HasPrefix(start, "<html")
}
