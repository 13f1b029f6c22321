package dashboard

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// A browser is one headless Chromium, spoken to over its debugging pipe: one
// JSON document a message, ended by a zero byte.
type browser struct {
	t    *testing.T
	out  *os.File
	mu   sync.Mutex
	next int
	wait map[int]chan reply
}

type reply struct {
	Result json.RawMessage `json:"result"`
	Error  *struct{ Message string }
}

// A tab is one page of it.
type tab struct {
	*browser
	t       *testing.T
	session string
}

// newBrowser starts Chromium, or skips the test where there is none.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	if testing.Short() {
		t.Skip("the page is looked at in full runs")
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium here: the page is not looked at (apt-get install chromium)")
	}
	theirs, ours, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	answers, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	profile, err := os.MkdirTemp("", "lockstep-chromium-") //nolint:usetesting // t.TempDir fails where a helper of Chromium's still writes
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server", "--remote-debugging-pipe", "--user-data-dir="+profile)
	cmd.ExtraFiles = []*os.File{theirs, theirOut}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	theirOut.Close()
	b := &browser{t: t, out: ours, wait: map[int]chan reply{}}
	go b.listen(answers)
	t.Cleanup(func() {
		b.call("", "Browser.close", params{}, nil)
		cmd.Wait()
		ours.Close()
		answers.Close()
		os.RemoveAll(profile) // a helper of Chromium's may still write to it: as far as it goes
	})
	return b
}

func (b *browser) listen(from *os.File) {
	reader := bufio.NewReaderSize(from, 1<<20)
	for {
		message, err := reader.ReadBytes(0)
		if err != nil {
			b.mu.Lock()
			defer b.mu.Unlock()
			for _, c := range b.wait {
				close(c)
			}
			b.wait = nil
			return
		}
		var m struct {
			ID int
			reply
		}
		if json.Unmarshal(message[:len(message)-1], &m) != nil || m.ID == 0 {
			continue // an event
		}
		b.mu.Lock()
		c := b.wait[m.ID]
		delete(b.wait, m.ID)
		b.mu.Unlock()
		c <- m.reply
	}
}

func (b *browser) call(session, method string, params any, result any) {
	b.t.Helper()
	if err := b.try(session, method, params, result); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) try(session, method string, params any, result any) error {
	c := make(chan reply, 1)
	b.mu.Lock()
	if b.wait == nil {
		b.mu.Unlock()
		return fmt.Errorf("%s: Chromium has ended", method)
	}
	b.next++
	b.wait[b.next] = c
	message, err := json.Marshal(map[string]any{"id": b.next, "method": method, "params": params, "sessionId": session})
	if session == "" {
		message, err = json.Marshal(map[string]any{"id": b.next, "method": method, "params": params})
	}
	if err == nil {
		_, err = b.out.Write(append(message, 0))
	}
	b.mu.Unlock()
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	r, ok := <-c
	switch {
	case !ok:
		return fmt.Errorf("%s: Chromium has ended", method)
	case r.Error != nil:
		return fmt.Errorf("%s: %s", method, r.Error.Message)
	case result == nil:
		return nil
	}
	return json.Unmarshal(r.Result, result)
}

type params map[string]any

// open opens a page of its own, as wide and high as a desktop.
func (b *browser) open(t *testing.T, url, scheme string) *tab {
	t.Helper()
	var target struct{ TargetID string }
	b.call("", "Target.createTarget", params{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("", "Target.attachToTarget", params{"targetId": target.TargetID, "flatten": true}, &attached)
	page := &tab{b, t, attached.SessionID}
	page.size(1440, 900)
	page.call(page.session, "Emulation.setEmulatedMedia", params{"features": []params{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
	page.call(page.session, "Page.enable", params{}, nil)
	// What goes wrong in the page is kept, so that a test can say so.
	page.call(page.session, "Page.addScriptToEvaluateOnNewDocument", params{"source": `
		window.wrong = [];
		const note = (text) => wrong.includes(text) || wrong.push(text);
		addEventListener("error", (e) => note(String(e.message)));
		addEventListener("unhandledrejection", (e) => note(String(e.reason)));
		addEventListener("securitypolicyviolation", (e) => note("policy: " + e.violatedDirective + " " + e.blockedURI));`}, nil)
	page.call(page.session, "Page.navigate", params{"url": url}, nil)
	t.Cleanup(func() { b.call("", "Target.closeTarget", params{"targetId": target.TargetID}, nil) })
	return page
}

func (p *tab) size(width, height int) {
	p.call(p.session, "Emulation.setDeviceMetricsOverride", params{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}, nil)
}

// js evaluates an expression, which may be a promise, and returns what it gives.
func (p *tab) js(expression string) any {
	p.t.Helper()
	v, err := p.tryJS(expression)
	if err != nil {
		p.t.Fatal(err)
	}
	return v
}

func (p *tab) tryJS(expression string) (any, error) {
	var r struct {
		Result           struct{ Value any }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	if err := p.try(p.session, "Runtime.evaluate", params{"expression": expression, "awaitPromise": true, "returnByValue": true}, &r); err != nil {
		return nil, err
	}
	if e := r.ExceptionDetails; e != nil {
		return nil, fmt.Errorf("%s: %s %s", expression, e.Text, e.Exception.Description)
	}
	return r.Result.Value, nil
}

// until waits in the page until an expression is true. A test that waits for
// what never comes ends by its own time-out, with what the page shows.
func (p *tab) until(condition string) {
	p.t.Helper()
	look := fmt.Sprintf(`new Promise((done) => {
		const end = Date.now() + 20000;
		const look = () => {
			let is = false;
			try { is = %s } catch {}
			if (is) return done(true);
			if (Date.now() > end) return done(false);
			setTimeout(look, 20);
		};
		look();
	})`, condition)
	ok, err := p.tryJS(look)
	for err != nil && strings.Contains(err.Error(), "navigated") { // another page has come: look there
		ok, err = p.tryJS(look)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	if ok != true {
		p.t.Fatalf("never came: %s\nwrong: %v\n%v", condition, p.js("window.wrong"), p.js("document.body.innerText.slice(0, 1500)"))
	}
}

// mouse does what a hand does in the middle of an element: "mousePressed" and
// "mouseReleased" are two things, and the page may change between them.
func (p *tab) mouse(kind, selector string) {
	p.t.Helper()
	at, _ := p.js(fmt.Sprintf(`(() => { const r = document.querySelector(%q).getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()`, selector)).([]any)
	p.call(p.session, "Input.dispatchMouseEvent", params{"type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1}, nil)
}

func (p *tab) click(selector string) {
	p.t.Helper()
	p.mouse("mousePressed", selector)
	p.mouse("mouseReleased", selector)
}

// key presses a key, wherever the focus is.
func (p *tab) key(name string) {
	p.t.Helper()
	text := name
	if len(name) > 1 {
		text = map[string]string{"Enter": "\r"}[name]
	}
	p.call(p.session, "Input.dispatchKeyEvent", params{"type": "keyDown", "key": name, "text": text}, nil)
	p.call(p.session, "Input.dispatchKeyEvent", params{"type": "keyUp", "key": name}, nil)
}

// fine fails the test when anything has gone wrong in the page.
func (p *tab) fine() {
	p.t.Helper()
	if wrong := p.js("window.wrong.join('; ')"); wrong != "" {
		p.t.Errorf("in the page: %v", wrong)
	}
}

// picture keeps what is shown, in the folder that LOCKSTEP_PICTURES names.
func (p *tab) picture(name string) []byte {
	p.t.Helper()
	var shot struct{ Data string }
	p.call(p.session, "Page.captureScreenshot", params{"format": "png"}, &shot)
	data, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil {
		p.t.Fatal(err)
	}
	if dir := os.Getenv("LOCKSTEP_PICTURES"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name+".png"), data, 0o600); err != nil {
			p.t.Fatal(err)
		}
	}
	return data
}
