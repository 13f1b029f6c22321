package dashboard

import (
	"context"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
)

// A Site serves several tenants at one address: a list of them, each one's page
// and data under a path of its own, and the metrics of all.
type Site struct {
	o       Options
	doors   *Dashboard // the way in, and the files of the pages; it shows no tenant
	handler http.Handler

	mu      sync.Mutex
	tenants []*tenant
}

// A tenant of a site is starting until it has a page.
type tenant struct {
	name, path string
	page       *Dashboard
	failed     bool
}

// NewSite makes a site of tenants by their names, in that order, none of which
// can be seen yet. The options' source is not used.
func NewSite(o Options, names []string) (*Site, error) {
	doors, err := New(o)
	if err != nil {
		return nil, err
	}
	s := &Site{o: doors.o, doors: doors}
	taken := map[string]bool{}
	for _, name := range names {
		s.tenants = append(s.tenants, &tenant{name: name, path: pathOf(name, taken)})
	}
	s.handler = s.routes()
	return s, nil
}

// pathOf is the last part of a name, for people who read addresses; of several
// that are the same, each has a number.
func pathOf(name string, taken map[string]bool) string {
	base := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, filepath.Base(name))
	if base = strings.Trim(base, "-"); base == "" {
		base = "tenant"
	}
	path := base
	for n := 2; taken[path]; n++ {
		path = base + "-" + strconv.Itoa(n)
	}
	taken[path] = true
	return path
}

// Add shows a tenant from now on, until ctx ends.
func (s *Site) Add(ctx context.Context, name string, o Options) error {
	page, err := New(o)
	if err != nil {
		return err
	}
	page.gate = s.doors.gate // one count of attempts for all
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tenants {
		if t.name == name {
			t.page = page
			go page.Watch(ctx)
			return nil
		}
	}
	return fmt.Errorf("the dashboard has no tenant %q", name)
}

// Failed says that a tenant is not kept in step any more.
func (s *Site) Failed(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tenants {
		if t.name == name {
			t.page, t.failed = nil, true
		}
	}
}

// ServeHTTP serves one request.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// MayServe says why the site cannot be served at an address, as
// [Dashboard.MayServe] does.
func (s *Site) MayServe(at net.Addr) error { return s.doors.MayServe(at) }

// Serve serves on a listener until ctx ends, and closes it.
func (s *Site) Serve(ctx context.Context, l net.Listener) error {
	return s.doors.serve(ctx, l, s)
}

func (s *Site) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.doors.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
	s.doors.entrance(mux)
	mux.Handle("GET /{$}", s.doors.inside(http.HandlerFunc(s.index)))
	mux.HandleFunc("GET /tenants/{tenant}/", s.tenant)
	mux.Handle("GET /metrics", s.doors.inside(metricsOf(s.o, s.sources)))
	return s.doors.headers(http.NewCrossOriginProtection().Handler(mux))
}

// all are the tenants as they are now.
func (s *Site) all() []tenant {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]tenant, len(s.tenants))
	for i, t := range s.tenants {
		list[i] = *t
	}
	return list
}

func (s *Site) sources() (list []Source) {
	for _, t := range s.all() {
		if t.page != nil {
			list = append(list, t.page.o.Source)
		}
	}
	return list
}

// tenant hands a request to the tenant's own page, as if that were alone.
func (s *Site) tenant(w http.ResponseWriter, r *http.Request) {
	path := r.PathValue("tenant")
	list := s.all()
	i := slices.IndexFunc(list, func(t tenant) bool { return t.path == path && t.page != nil })
	if i < 0 {
		http.NotFound(w, r)
		return
	}
	http.StripPrefix("/tenants/"+path, list[i].page).ServeHTTP(w, r)
}

// readyz is about all: who deploys wants to know of the one that does not start.
func (s *Site) readyz(w http.ResponseWriter, r *http.Request) {
	var open []string
	for _, t := range s.all() {
		if status, text := t.readiness(r.Context()); status != http.StatusOK {
			open = append(open, t.name+": "+text)
		}
	}
	if len(open) > 0 {
		say(w, http.StatusServiceUnavailable, strings.Join(open, "\n"))
		return
	}
	say(w, http.StatusOK, "ok")
}

func (t *tenant) readiness(ctx context.Context) (status int, text string) {
	switch {
	case t.failed:
		return http.StatusServiceUnavailable, "not running: the log says why"
	case t.page == nil:
		return http.StatusServiceUnavailable, "starting: it is being checked"
	}
	return readiness(head(ctx, t.page.o.Source))
}

// list is the page of a site. It is no more than the way to the others.
var list = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lockstep</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/app.css">
</head>
<body>
<header class="bar"><div class="brand"><img src="/icon.svg" alt="" width="26" height="26"><b>Lockstep</b></div></header>
<main>
<table>
<thead><tr><th>Tenant</th><th>Agents</th><th>Apart</th><th>Kept in step by</th><th>State</th></tr></thead>
<tbody>
{{range .}}<tr><td>{{if .Path}}<a href="/tenants/{{.Path}}/">{{.Name}}</a>{{else}}{{.Name}}{{end}}</td><td>{{.Agents}}</td><td>{{.Apart}}</td><td>{{.Owner}}</td><td>{{.State}}</td></tr>
{{end}}</tbody>
</table>
</main>
</body>
</html>
`))

type row struct {
	Name, Path, Owner, State string
	Agents, Apart            int
}

func (s *Site) index(w http.ResponseWriter, r *http.Request) {
	var rows []row
	for _, t := range s.all() {
		rows = append(rows, t.row(r.Context()))
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = list.Execute(w, rows) // whoever asked has gone
}

func (t *tenant) row(ctx context.Context) row {
	_, text := t.readiness(ctx)
	line := row{Name: t.name, State: text}
	if t.page == nil {
		return line
	}
	line.Path = t.path
	s := head(ctx, t.page.o.Source)
	if s == nil {
		return line
	}
	line.Owner, line.Agents, line.Apart = s.Owner, s.Totals.Agents, s.Totals.Apart
	if s.Halted != "" {
		line.State = "halted: " + s.Halted
	}
	if s.Mode != string(mirror.Live) {
		line.State += " (" + s.Mode + ": nothing is written)"
	}
	return line
}
