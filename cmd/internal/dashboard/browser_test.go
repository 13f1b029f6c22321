package dashboard

import (
	"bytes"
	"fmt"
	"image/png"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/schema"
)

// serve serves a centre on loopback and keeps what is shown up to date.
func serve(t *testing.T, c Source, token string) (*Dashboard, string) {
	t.Helper()
	o := Options{Source: c, Replica: "replica-1", Version: "test", Every: 50 * time.Millisecond}
	if token != "" {
		o.Token = schema.NewSecret(token, "test")
	}
	d, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	go d.Watch(t.Context())
	return d, server.URL
}

const loaded = `document.querySelectorAll(".body.row").length > 0 && document.getElementById("link").className === "link live"`

// TestInChromium looks at the page as people do.
func TestInChromium(t *testing.T) {
	b := newBrowser(t)
	for name, look := range map[string]func(*testing.T, *browser){
		"forty agents": fortyAgents, "in the dark": inTheDark, "ten thousand agents": tenThousandAgents, "behind a token": behindAToken,
		"while it is pressed": whilePressed, "filters, order and keys": filtersOrderAndKeys, "what rules show": whatRulesShow,
		"other replicas": otherReplicas, "a long timeline": aLongTimeline, "before the first data": beforeTheFirstData, "a laptop's width": aLaptopsWidth, "the first minutes": theFirstMinutes,
	} {
		t.Run(name, func(t *testing.T) { look(t, b) })
	}
}

func fortyAgents(t *testing.T, b *browser) {
	c := newCentre(40)
	c.aDay("agent-00007")
	d, url := serve(t, c, "")
	trendOf(t, d, c, 180)
	page := b.open(t, url, "light")
	page.until(loaded)

	t.Run("everybody is there", func(t *testing.T) {
		page.until(`document.getElementById("shown").textContent === "40 agents"`)
		page.picture("agents-light")
	})
	t.Run("a change arrives by itself", func(t *testing.T) {
		c.change(func(s *mirror.Snapshot) {
			for i := range s.Agents {
				if s.Agents[i].Key == "agent-00000" {
					s.Agents[i].State, s.Agents[i].Name = `code "Fire drill"`, "<b>Ana</b> & Co"
				}
			}
		})
		page.until(`document.querySelector("[data-key=agent-00000]").innerText.includes("Fire drill")`)
		page.until(`document.querySelector("[data-key=agent-00000] .who b").textContent === "<b>Ana</b> & Co"`)
	})
	t.Run("search and filters", func(t *testing.T) {
		page.js(`(() => { const s = document.getElementById("search"); s.value = "agent00007@"; s.dispatchEvent(new Event("input")); })()`)
		page.until(`document.getElementById("shown").textContent === "1 of 40 agents"`)
		page.js(`(() => { const s = document.getElementById("search"); s.value = ""; s.dispatchEvent(new Event("input")); })()`)
		page.js(`document.querySelector("[data-condition=apart]").click()`)
		page.until(`document.querySelectorAll(".body.row").length === 3`)
		page.js(`document.querySelector("[data-condition=apart]").click()`)
		page.until(`document.getElementById("shown").textContent === "40 agents"`)
	})
	t.Run("a timeline tells the reason of each write", func(t *testing.T) {
		page.js(`document.querySelector("[data-key=agent-00007]").click()`)
		page.until(`document.querySelectorAll(".entry").length === 9`)
		page.until(`document.querySelector(".entry[data-what=undeliverable]").innerText.includes("no console is open")`)
		page.until(`[...document.querySelectorAll(".entry[data-what=decided]")].every((e) => e.innerText.includes("centre.hcl:4"))`)
		page.picture("timeline-light")
		page.js(`document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }))`)
		page.until(`document.getElementById("drawer").hidden`)
	})
	t.Run("each rule is a picture with live counts", func(t *testing.T) {
		page.js(`location.hash = "#/rules"`)
		page.until(`document.querySelectorAll("svg.picture").length === 2`)
		page.until(`document.querySelectorAll("article[data-rule=Support] path.row-line").length === 14`)
		c.change(func(s *mirror.Snapshot) { s.Rules[1].Now += 1000 })
		page.until(`[...document.querySelectorAll(".node text.badge")].some((n) => n.textContent.startsWith("1,0"))`)
		page.picture("rules-light")
	})
	t.Run("delay and rate over time", func(t *testing.T) {
		page.js(`location.hash = "#/activity"`)
		page.until(`document.querySelectorAll(".chart path.first[d^=M]").length === 4`)
		page.picture("activity-light")
	})
	t.Run("people without a counterpart", func(t *testing.T) {
		page.js(`location.hash = "#/unmatched"`)
		page.until(`document.querySelectorAll("#view-unmatched tbody tr").length === 2`)
		page.picture("unmatched-light")
	})
	t.Run("a halt is a banner", func(t *testing.T) {
		page.js(`location.hash = "#/agents"`)
		c.change(func(s *mirror.Snapshot) {
			s.Halted = "the breaker: 24 % of the agents would have been moved within 30 s"
			s.OneWay = "no presence_bridge is declared"
		})
		page.until(`document.querySelector(".banner.bad").innerText.includes("breaker")`)
		if got := page.js(`document.getElementById("mode").outerHTML`); got != `<span id="mode" class="pill bad">halted</span>` {
			t.Errorf("the mode is %v", got)
		}
		page.picture("halted-light")
	})
	page.fine()
}

func inTheDark(t *testing.T, b *browser) {
	c := newCentre(40)
	c.aDay("agent-00007")
	d, url := serve(t, c, "")
	trendOf(t, d, c, 180)
	page := b.open(t, url+"/#/agents/agent-00007", "dark")
	page.until(loaded)
	page.until(`document.querySelectorAll(".entry").length === 9`)
	shot, err := png.Decode(bytes.NewReader(page.picture("timeline-dark")))
	if err != nil {
		t.Fatal(err)
	}
	if r, g, bl, _ := shot.At(6, 880).RGBA(); r+g+bl > 3*0x4000 {
		t.Errorf("the ground is %x %x %x: not dark", r, g, bl)
	}
	for _, view := range []string{"rules", "activity"} {
		page.js(fmt.Sprintf(`location.hash = "#/%s"`, view))
		page.until(fmt.Sprintf(`document.querySelectorAll("#view-%s .card svg path").length > 3`, view))
		page.picture(view + "-dark")
	}
	page.size(400, 844)
	page.js(`location.hash = "#/agents"`)
	page.until(loaded)
	page.picture("phone-dark")
	if wide := page.js(`document.documentElement.scrollWidth`); wide != 400.0 {
		t.Errorf("the page is %v wide on a phone", wide)
	}
	page.fine()
}

func tenThousandAgents(t *testing.T, b *browser) {
	c := newCentre(10_000)
	_, url := serve(t, c, "")
	page := b.open(t, url, "light")
	page.until(loaded)
	page.until(`document.getElementById("shown").textContent === "10,000 agents"`)
	if rows := page.js(`document.querySelectorAll(".body.row").length`); rows.(float64) > 60 {
		t.Errorf("%v rows exist: only those in sight should", rows)
	}
	page.picture("agents-10000")
	page.js(`document.getElementById("rows").scrollTop = 1e9`)
	page.until(`[...document.querySelectorAll(".body.row")].at(-1).getAttribute("aria-rowindex") === "10001"`)
	c.change(func(s *mirror.Snapshot) {
		for i := range s.Agents {
			s.Agents[i].Team = "Night shift"
		}
	})
	page.until(`document.querySelector(".body.row").innerText.includes("Night shift")`)
	page.js(`(() => { const s = document.getElementById("search"); s.value = "agent09999"; s.dispatchEvent(new Event("input")); })()`)
	page.until(`document.getElementById("shown").textContent === "1 of 10,000 agents"`)
	// The best of a few, for others use this machine as well.
	took, _ := page.js(`(() => {
		const s = document.getElementById("search");
		const once = (text) => { const start = performance.now(); s.value = text; s.dispatchEvent(new Event("input")); return performance.now() - start; };
		return Math.min(...["a", "an", "", "b", ""].map(once));
	})()`).(float64)
	t.Logf("everybody is gone through in %.0f ms", took)
	if took > 250 {
		t.Errorf("everybody is gone through in %.0f ms", took)
	}
	page.fine()
}

func behindAToken(t *testing.T, b *browser) {
	const token = "canary-a-long-enough-token"
	_, url := serve(t, newCentre(40), token)
	page := b.open(t, url, "light")
	page.until(`location.pathname === "/login" && document.readyState === "complete"`)
	page.js(`(() => { document.getElementById("token").value = "something else altogether"; document.forms[0].submit(); })()`)
	page.until(`location.hash === "#wrong" && getComputedStyle(document.getElementById("wrong")).display === "block" && document.readyState === "complete"`)
	page.picture("login-light")
	page.js(fmt.Sprintf(`(() => { document.getElementById("token").value = %q; document.forms[0].submit(); })()`, token))
	page.until(loaded)
	if cookies := page.js("document.cookie"); cookies != "" {
		t.Errorf("a script can read the session: %v", cookies)
	}
	page.fine()
}
