package cxone

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testKey is made once: RSA keys are what costs time here.
var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// A clock is set by hand.
type clock struct{ at time.Time }

func newClock() *clock { return &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time          { return c.at }
func (c *clock) advance(d time.Duration) { c.at = c.at.Add(d) }

// A client speaks to an emulated tenant the way a program would.
type client struct {
	t      *testing.T
	tenant *Tenant
	clock  *clock
	token  string
}

// newClient makes Acme's tenant and signs in with its access key.
func newClient(t *testing.T, options Options) *client {
	t.Helper()
	return newClientOf(t, tenant.Acme(), options)
}

func newClientOf(t *testing.T, seed *tenant.Tenant, options Options) *client {
	t.Helper()
	c := &client{t: t, clock: newClock()}
	options.Now, options.Key = c.clock.now, testKey()
	c.tenant = New(seed, options)
	key := seed.CXone.AccessKeys[0]
	c.token = c.post("/authentication/v1/token/access-key",
		map[string]any{"accessKeyId": key.ID, "accessKeySecret": key.Secret}).want(200).text("access_token")
	return c
}

// An answer is what came back.
type answer struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	raw    string
	body   map[string]any
}

func (c *client) do(method, target, contentType, body string) *answer {
	c.t.Helper()
	if strings.HasPrefix(target, "~") { // the ACD's versioned root
		target = "/incontactapi/services/v34.0" + target[1:]
	}
	if strings.HasPrefix(target, "/") {
		target = "https://" + FacadeHost + target
	}
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	return c.send(r)
}

func (c *client) send(r *http.Request) *answer {
	c.t.Helper()
	w := httptest.NewRecorder()
	c.tenant.ServeHTTP(w, r)
	raw, err := io.ReadAll(w.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	a := &answer{t: c.t, what: r.Method + " " + r.URL.Path, status: w.Code, header: w.Header(), raw: string(raw)}
	if len(bytes.TrimSpace(raw)) > 0 {
		if err := json.Unmarshal(raw, &a.body); err != nil {
			c.t.Fatalf("%s: the answer is not a JSON object: %v: %s", a.what, err, raw)
		}
	}
	return a
}

// page is what a browser gets.
func (c *client) page(target string) string {
	c.t.Helper()
	w := httptest.NewRecorder()
	c.tenant.ServeHTTP(w, httptest.NewRequest("GET", target, http.NoBody))
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		c.t.Fatalf("%s: %d %s", target, w.Code, w.Header().Get("Content-Type"))
	}
	return w.Body.String()
}

func (c *client) json(method, target string, body any) *answer {
	c.t.Helper()
	if body == nil {
		return c.do(method, target, "", "")
	}
	text, isText := body.(string)
	if !isText {
		data, err := json.Marshal(body)
		if err != nil {
			c.t.Fatal(err)
		}
		text = string(data)
	}
	return c.do(method, target, "application/json", text)
}

func (c *client) get(target string) *answer { c.t.Helper(); return c.json("GET", target, nil) }
func (c *client) post(target string, body any) *answer {
	c.t.Helper()
	return c.json("POST", target, body)
}
func (c *client) put(target string, body any) *answer {
	c.t.Helper()
	return c.json("PUT", target, body)
}
func (c *client) patch(target string, body any) *answer {
	c.t.Helper()
	return c.json("PATCH", target, body)
}
func (c *client) delete(target string, body any) *answer {
	c.t.Helper()
	return c.json("DELETE", target, body)
}

// want stops the test unless the answer has the status.
func (a *answer) want(status int) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: status %d, want %d: %s %s", a.what, a.status, status, a.raw, a.header.Get(reasonHeader))
	}
	return a
}

// at walks to a value: members by name, elements by number.
func (a *answer) at(path ...any) any {
	a.t.Helper()
	var here any = a.body
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, _ := here.(map[string]any)
			here = object[step]
		case int:
			list, _ := here.([]any)
			if step >= len(list) {
				a.t.Fatalf("%s: %v is not in %s", a.what, path, a.raw)
			}
			here = list[step]
		}
	}
	return here
}

func (a *answer) text(path ...any) string {
	a.t.Helper()
	if v := a.at(path...); v != nil {
		return fmt.Sprint(v)
	}
	a.t.Fatalf("%s: no %v in %s", a.what, path, a.raw)
	return ""
}

func (a *answer) number(path ...any) int {
	a.t.Helper()
	n, isNumber := a.at(path...).(float64)
	if !isNumber {
		a.t.Fatalf("%s: %v is no number in %s", a.what, path, a.raw)
	}
	return int(n)
}

func (a *answer) list(path ...any) []any {
	a.t.Helper()
	list, isList := a.at(path...).([]any)
	if !isList {
		a.t.Fatalf("%s: %v is no list in %s", a.what, path, a.raw)
	}
	return list
}

// column returns one member of every row of a list, as text.
func (a *answer) column(plural, name string) []string {
	a.t.Helper()
	texts := []string{}
	for i := range a.list(plural) {
		texts = append(texts, a.text(plural, i, name))
	}
	return texts
}

// reason is why the vendor refused, wherever the API family puts it.
func (a *answer) reason() string {
	for _, name := range []string{"error_description", "errorDescription", "details", "message"} {
		if text, found := a.body[name].(string); found {
			return text
		}
	}
	return a.header.Get(reasonHeader)
}

// teamID returns the ACD id of a team.
func (c *client) teamID(name string) int {
	c.t.Helper()
	return c.get("~/teams?searchString="+name).want(200).number("teams", 0, "teamId")
}

// codeID returns the id of a code.
func (c *client) codeID(name string) int {
	c.t.Helper()
	a := c.get("~/unavailable-codes?top=1000").want(200)
	for i := range a.list("unavailableCodes") {
		if a.text("unavailableCodes", i, "name") == name {
			return a.number("unavailableCodes", i, "id")
		}
	}
	c.t.Fatalf("there is no code %q", name)
	return 0
}

// userID returns the UserHub id of a user.
func (c *client) userID(userName string) string {
	c.t.Helper()
	return c.get("~/agents?searchString="+userName).want(200).text("agents", 0, "userID")
}
