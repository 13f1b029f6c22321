package dashboard

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"time"
)

//go:embed page
var page embed.FS

// policy allows what the page consists of and nothing else: no script or style
// that is not one of its files, no frame around it, no other host.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func (d *Dashboard) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", d.healthz)
	mux.HandleFunc("GET /readyz", d.readyz)
	d.entrance(mux)
	mux.Handle("GET /{$}", d.inside(asset("index.html")))
	mux.Handle("GET /api/v1/snapshot", d.inside(http.HandlerFunc(d.snapshot)))
	mux.Handle("GET /api/v1/history", d.inside(http.HandlerFunc(d.history)))
	mux.Handle("GET /api/v1/events", d.inside(http.HandlerFunc(d.events)))
	mux.Handle("GET /api/v1/agents/{agent}/timeline", d.inside(http.HandlerFunc(d.timeline)))
	mux.Handle("GET /metrics", d.inside(d.metrics()))
	return d.headers(http.NewCrossOriginProtection().Handler(mux))
}

// entrance serves the way in, and the files that pages consist of.
func (d *Dashboard) entrance(mux *http.ServeMux) {
	mux.HandleFunc("GET /login", d.loginPage)
	mux.HandleFunc("POST /login", d.login)
	mux.HandleFunc("POST /logout", d.logout)
	for _, name := range []string{"app.css", "login.css", "icon.svg"} {
		mux.Handle("GET /"+name, asset(name)) // the login page needs them
	}
	for _, name := range scripts() {
		mux.Handle("GET /"+name, d.inside(asset(name)))
	}
}

func scripts() []string {
	names, _ := fs.Glob(page, "page/*.js")
	for i := range names {
		names[i] = path.Base(names[i])
	}
	return names
}

// headers are on every answer, errors included.
func (d *Dashboard) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if !d.gate.hostOK(r) {
			http.Error(w, "This page is served to this machine only, under a loopback name. Give it a token to serve it under another.", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// inside keeps what is behind it from people without the token. A browser that
// asks for the page is shown the way in.
func (d *Dashboard) inside(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch seen := d.gate.open(r); {
		case seen == opened:
			next.ServeHTTP(w, r)
		case seen == hasty:
			slowDown(w)
		case r.URL.Path == "/":
			http.Redirect(w, r, "/login", http.StatusSeeOther)
		default:
			w.Header().Set("WWW-Authenticate", `Bearer realm="lockstep"`)
			http.Error(w, "a token is needed", http.StatusUnauthorized)
		}
	})
}

// asset serves one embedded file. A browser keeps it for as long as its digest
// stays the same.
func asset(name string) http.Handler {
	data, err := page.ReadFile("page/" + name)
	if err != nil {
		panic("dashboard: " + err.Error()) // it is embedded: a bug of this package
	}
	sum := sha256.Sum256(data)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	kind := mime.TypeByExtension(path.Ext(name))
	if path.Ext(name) == ".js" {
		kind = "text/javascript; charset=utf-8" // the machine's own table may differ
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", kind)
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write(data)
	})
}

func (d *Dashboard) loginPage(w http.ResponseWriter, r *http.Request) {
	if d.gate.open(r) == opened {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	asset("login.html").ServeHTTP(w, r)
}

func (d *Dashboard) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	switch d.gate.try(r, r.PostFormValue("token")) {
	case hasty:
		slowDown(w)
	case barred:
		d.o.Log.Warn("dashboard: a wrong token was given", "from", r.RemoteAddr)
		http.Redirect(w, r, "/login#wrong", http.StatusSeeOther)
	case opened:
		http.SetCookie(w, d.gate.cookie(r, time.Now()))
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
}

func slowDown(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "5")
	http.Error(w, "Too many wrong tokens. Wait a little.", http.StatusTooManyRequests)
}

func (d *Dashboard) logout(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: cookieName, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode})
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}
