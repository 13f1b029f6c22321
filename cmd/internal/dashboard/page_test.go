package dashboard

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
)

// whilePressed is what a hand needs: what it has pressed is still there when it
// lets go, whatever has changed meanwhile.
func whilePressed(t *testing.T, b *browser) {
	c := newCentre(40)
	c.aDay("agent-00003")
	_, url := serve(t, c, "")
	page := b.open(t, url, "light")
	page.until(loaded)

	t.Run("only what has changed is touched", func(t *testing.T) {
		page.js(`(() => {
			window.replaced = 0;
			new MutationObserver((records) => {
				for (const r of records) replaced += [...r.removedNodes].filter((n) => n.nodeType === Node.ELEMENT_NODE).length;
			}).observe(document.getElementById("window"), { childList: true, subtree: true });
			window.aged = document.querySelector("[data-key=agent-00000] .side small").textContent;
		})()`)
		c.change(func(s *mirror.Snapshot) { agentOf(s, "agent-00001").State = `code "Coffee"` })
		page.until(`document.querySelector("[data-key=agent-00001]").innerText.includes("Coffee")`)
		page.until(`document.querySelector("[data-key=agent-00000] .side small").textContent !== aged`)
		if n := page.js("replaced"); n != 0.0 {
			t.Errorf("%v elements were replaced", n)
		}
	})
	t.Run("a row", func(t *testing.T) {
		page.mouse("mousePressed", "[data-key=agent-00003]")
		c.change(func(s *mirror.Snapshot) {
			a := agentOf(s, "agent-00003")
			a.Name, a.State = "Zzoë, who goes to the end", `code "Coffee"`
			s.Agents = s.Agents[1:]
		})
		page.until(`document.querySelector("[data-key=agent-00003]").innerText.includes("Coffee")`)
		page.mouse("mouseReleased", "[data-key=agent-00003]")
		page.until(`location.hash === "#/agents/agent-00003" && !document.getElementById("drawer").hidden`)
		page.until(`document.getElementById("shown").textContent === "39 agents" && !document.querySelector("[data-key=agent-00000]")`)
		page.until(`document.querySelectorAll(".entry").length === 9`)
	})
	t.Run("lines that are read stay", func(t *testing.T) {
		page.js(`document.querySelector(".entry").theSame = true`)
		c.add("agent-00003", time.Now(), "one more")
		c.change(func(s *mirror.Snapshot) { agentOf(s, "agent-00003").State = `code "Break"` })
		page.until(`document.querySelectorAll(".entry").length === 10`)
		if same := page.js(`document.querySelectorAll(".entry")[1].theSame === true`); same != true {
			t.Error("a line that was there already is another node")
		}
	})
	t.Run("the drawer's close", func(t *testing.T) {
		page.mouse("mousePressed", ".close")
		c.change(func(s *mirror.Snapshot) { agentOf(s, "agent-00003").Status = "Away" })
		page.until(`document.querySelector("#drawer .sides").innerText.includes("Away")`)
		page.mouse("mouseReleased", ".close")
		page.until(`document.getElementById("drawer").hidden`)
	})
	t.Run("a tile", func(t *testing.T) {
		page.mouse("mousePressed", "[data-condition=parked]")
		c.change(func(s *mirror.Snapshot) { agentOf(s, "agent-00003").Parked = "it flaps" })
		page.until(`document.querySelector("[data-condition=parked] .big").textContent === "2"`)
		page.mouse("mouseReleased", "[data-condition=parked]")
		page.until(`document.querySelectorAll(".body.row").length === 2`)
	})
	t.Run("a rule's rows", func(t *testing.T) {
		page.js(`location.hash = "#/rules"`)
		page.until(`document.querySelector("article[data-rule=Support] summary")`)
		page.mouse("mousePressed", "article[data-rule=Support] summary")
		c.change(func(s *mirror.Snapshot) { s.Rules[0].Now += 1000 })
		page.until(`document.querySelector("article[data-rule=Support]").innerText.includes("1,0")`)
		page.mouse("mouseReleased", "article[data-rule=Support] summary")
		page.until(`document.querySelector("article[data-rule=Support] details").open`)
	})
	page.fine()
}

// keysShown are the agents in the table, in order.
const keysShown = `[...document.querySelectorAll(".body.row")].map((r) => r.dataset.key.slice(-2)).join(" ")`

func filtersOrderAndKeys(t *testing.T, b *browser) {
	c := newCentre(40)
	c.change(func(s *mirror.Snapshot) {
		s.Agents[20].Stopped, s.Agents[21].Rule = "stopped by Ana: training", "Back office"
	})
	_, url := serve(t, c, "")
	page := b.open(t, url, "light")
	page.until(loaded)

	t.Run("tiles filter", func(t *testing.T) {
		for condition, want := range map[string]string{"apart": "26 07 19", "pending": "07", "parked": "12", "undeliverable": "19", "stopped": "20"} {
			tile := fmt.Sprintf("[data-condition=%s]", condition)
			page.click(tile)
			page.until(fmt.Sprintf(`document.querySelector(%q).getAttribute("aria-pressed") === "true" && document.getElementById("condition").value === %q`, tile, condition))
			if got := page.js(keysShown); got != want {
				t.Errorf("%s shows %v, not %s", condition, got, want)
			}
			page.click(tile)
			page.until(fmt.Sprintf(`document.querySelector(%q).getAttribute("aria-pressed") === "false"`, tile))
		}
	})
	t.Run("selects filter", func(t *testing.T) {
		choose := func(id, value string) {
			page.js(fmt.Sprintf(`(() => { const s = document.getElementById(%q); s.value = %q; s.dispatchEvent(new Event("change")); })()`, id, value))
		}
		offered := page.js(`[...document.getElementById("team").options].map((o) => o.textContent).join(", ")`)
		if want := "All teams, Billing, Retention, Sales, Supervisors, Support"; offered != want {
			t.Errorf("teams: %v, not %s", offered, want)
		}
		for _, test := range []struct{ team, rule, condition, want string }{
			{"Sales", "", "", "8 of 40 agents"},
			{"", "Back office", "", "1 of 40 agents"},
			{"Sales", "Back office", "", "1 of 40 agents"},
			{"Billing", "Back office", "", "0 of 40 agents"},
			{"", "", "console", "6 of 40 agents"},
			{"", "", "", "40 agents"},
		} {
			choose("team", test.team)
			choose("rule", test.rule)
			choose("condition", test.condition)
			if got := page.js(`document.getElementById("shown").textContent`); got != test.want {
				t.Errorf("%+v: %v", test, got)
			}
		}
	})
	t.Run("columns sort", func(t *testing.T) {
		first := func(column int) any {
			return page.js(fmt.Sprintf(`document.querySelector(".body.row").children[%d].innerText.split("\n")[0]`, column))
		}
		for _, test := range []struct {
			column int
			want   []string // upwards, then downwards
		}{
			{1, []string{"Billing", "Support"}},
			{2, []string{"ACW", "Unpaid leave"}},
			{4, []string{"Available for Chats", "Wrapping Up"}},
			{5, []string{"Undeliverable", ""}}, // the worst comes first
			{0, []string{"Ana López", "Zoë Petrov"}},
		} {
			for i, want := range test.want {
				page.click(fmt.Sprintf("#columns > :nth-child(%d) button", test.column+1))
				direction := page.js(fmt.Sprintf(`document.querySelector("#columns > :nth-child(%d)").getAttribute("aria-sort")`, test.column+1))
				if got := first(test.column); got != want || direction != []string{"ascending", "descending"}[i] {
					t.Errorf("column %d, %v: begins with %v, not %s", test.column, direction, got, want)
				}
			}
		}
		page.click("#columns > :first-child button")
	})
	t.Run("keys", func(t *testing.T) {
		page.js(`document.getElementById("rows").focus()`)
		page.key("ArrowDown")
		page.key("ArrowDown")
		if got := page.js(`document.querySelector(".chosen").dataset.key`); got != "agent-00026" {
			t.Errorf("two down is %v", got)
		}
		page.key("PageDown")
		page.key("ArrowUp")
		want := page.js(`document.querySelectorAll(".body.row")[10].dataset.key`)
		if got := page.js(`document.querySelector(".chosen").dataset.key`); got != want {
			t.Errorf("ten down and one up is %v, not %v", got, want)
		}
		page.key("Enter")
		page.until(`!document.getElementById("drawer").hidden && document.activeElement.className === "close"`)
		page.key("Escape")
		page.until(`document.getElementById("drawer").hidden`)
		page.key("/")
		for letter := range strings.SplitSeq("parked", "") {
			page.key(letter)
		}
		if got := page.js(`document.activeElement.id + " " + document.activeElement.value`); got != "search parked" {
			t.Errorf("what is typed after a slash is %v", got)
		}
		page.until(`document.getElementById("none").innerText === "Nobody fits these filters."`)
	})
	t.Run("since when", func(t *testing.T) {
		page.js(`(() => { const s = document.getElementById("search"); s.value = "agent00030"; s.dispatchEvent(new Event("input")); })()`)
		got := page.js(`[...document.querySelectorAll(".body.row .side")].map((s) => s.querySelector("small").textContent + (s.title.startsWith("since ") ? ", " + s.title.slice(6, 16) : "")).join("; ")`)
		agent := agentOf(&c.now, "agent-00030")
		since := func(at time.Time, lasted string) string { return lasted + ", " + at.Local().Format("02/01/2006") }
		if want := since(agent.StateSince, "15 min") + "; " + since(agent.StatusSince, "14 min"); got != want && got != strings.ReplaceAll(want, "14 min", "15 min") {
			t.Errorf("since %v, not %s", got, want)
		}
	})
	t.Run("the day's budget", func(t *testing.T) {
		shows := `[...document.querySelectorAll("#budget .meter > span, #budget .fill")].map((n) => n.tagName === "rect" ? n.className.baseVal.trim() + " " + Math.round(n.getAttribute("width")) : n.textContent).join(", ")`
		if got, want := page.js(shows), "calls, fill 9, 1.8K / 20K, events, fill mind 87, 17.3K / 20K"; got != want {
			t.Errorf("the budget is %v, not %s", got, want)
		}
		c.change(func(s *mirror.Snapshot) { s.Budget.Calls, s.Budget.Deliveries = 4000, 20_500 })
		page.until(shows + ` === "calls, fill 20, 4K / 20K, events, fill bad 100, 20.5K / 20K"`)
	})
	page.fine()
}

// whatRulesShow looks at which end of each line has the tip, by where it is drawn.
func whatRulesShow(t *testing.T, b *browser) {
	c := newCentre(40)
	_, url := serve(t, c, "")
	page := b.open(t, url+"/#/rules", "light")
	page.until(`document.querySelectorAll("svg.picture").length === 2`)
	drawn, _ := page.js(`[...document.querySelectorAll("path.row-line")].map((p) => {
		const boxes = [...p.closest("svg").querySelectorAll(".node")];
		const nearest = (at) => boxes.find((b) => {
			const r = b.querySelector("rect").getBBox();
			return at.y >= r.y && at.y <= r.y + r.height && at.x >= r.x - 8 && at.x <= r.x + r.width + 8;
		})?.querySelector("title").textContent;
		const ends = { "marker-start": p.getPointAtLength(0), "marker-end": p.getPointAtLength(p.getTotalLength()) };
		const tips = Object.keys(ends).filter((name) => getComputedStyle(p)[name === "marker-start" ? "markerStart" : "markerEnd"] !== "none");
		return [p.dataset.state, p.dataset.status, tips.map((name) => nearest(ends[name])).join(" and ")].join(" | ");
	}).sort().join("\n")`).(string)
	var want []string
	for _, r := range rowsOfCentre {
		state, status := strings.TrimSuffix(strings.TrimPrefix(r.state, `code "`), `"`), strings.ReplaceAll(r.status, "_", " ")
		points := map[string]string{"publish": status, "subscribe": state, "both": state + " and " + status}[r.direction]
		want = append(want, r.state+" | "+r.status+" | "+points)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(strings.SplitSeq(drawn, "\n"))); diff != "" {
		t.Errorf("tips (-want +got):\n%s", diff)
	}
	orient := page.js(`[...new Set([...document.querySelectorAll("marker")].map((m) => m.getAttribute("orient") + " " + m.firstChild.getAttribute("d")))].join()`)
	if want := "auto-start-reverse M0 0.8 10 5 0 9.2Z"; orient != want { // turned outwards at both ends, its point at 10
		t.Errorf("a tip is %v, not %s", orient, want)
	}
	listed := page.js(`[...document.querySelectorAll("article[data-rule=Support] tbody tr")].map((r) => r.children[1].textContent).join("")`)
	if want := "↔↔↔↔↔↔→→→→→→←←"; listed != want {
		t.Errorf("the rows' arrows are %v, not %s", listed, want)
	}
	page.fine()
}

// A stranger has nothing to tell yet.
type stranger struct{ *centre }

func (stranger) Changes(context.Context, uint64) (mirror.Changes, error) {
	return mirror.Changes{}, errors.New("it has not begun")
}

// beforeTheFirstData: what is not known yet looks neither well nor wrong.
func beforeTheFirstData(t *testing.T, b *browser) {
	_, url := serve(t, stranger{newCentre(0)}, "")
	page := b.open(t, url, "light")
	page.until(`document.getElementById("link").className === "link starting"`)
	page.picture("starting-light")
	for what, want := range map[string]string{
		`document.querySelectorAll(".feed.off").length`:                                               "2",
		`document.querySelectorAll("#tiles > :not(.tile)").length`:                                    "0",
		`[...document.querySelectorAll("#tiles .big")].map((n) => n.innerText).join("")`:              "–––––––",
		`[...document.querySelectorAll(".tools option:checked")].map((o) => o.textContent).join()`:    "All teams,All rules,Any condition",
		`document.getElementById("none").innerText + document.getElementById("shown").innerText`:      "Nothing is known yet.",
		`getComputedStyle(document.getElementById("mode")).display`:                                   "none",
		`location.hash = "#/rules", document.getElementById("view-rules").innerText`:                  "",
		`document.querySelectorAll(".banner").length + document.getElementById("tenant").textContent`: "0",
	} {
		if got := fmt.Sprint(page.js(what)); got != want {
			t.Errorf("%s is %s, not %s", what, got, want)
		}
	}
	page.fine()
}

// theFirstMinutes: times along an axis that are all alike tell nothing.
func theFirstMinutes(t *testing.T, b *browser) {
	c := newCentre(40)
	d, url := serve(t, c, "")
	trendOf(t, d, c, 12)
	page := b.open(t, url+"/#/activity", "light")
	page.until(`document.querySelectorAll(".chart path.first[d^=M]").length === 4`)
	if got := page.js(`(() => { const at = [...document.querySelector(".chart svg").querySelectorAll(".axis")].map((n) => n.textContent).filter((t) => t.includes(":")); return at.length - new Set(at).size; })()`); got != 0.0 {
		t.Errorf("%v times are written twice", got)
	}
	page.picture("minutes-light")
	page.fine()
}

// aLaptopsWidth: at the widths of usual screens nothing at the top is cut.
func aLaptopsWidth(t *testing.T, b *browser) {
	c := newCentre(40)
	c.change(func(s *mirror.Snapshot) {
		s.Tenant, s.Owner = "acme.my.salesforce.com and na1.nice-incontact.com", "replica-1.contact-centre.acme.example"
	})
	_, url := serve(t, c, "")
	page := b.open(t, url, "light")
	page.until(loaded)
	for _, width := range []int{1440, 1361, 1300, 1200} {
		page.size(width, 900)
		page.until(fmt.Sprintf("innerWidth === %d", width))
		cut := page.js(`[...document.querySelectorAll(".tile .name, #tenant, #owner")].filter((n) => n.scrollWidth > n.clientWidth && n.clientWidth > 0).map((n) => n.textContent).join(", ")`)
		if cut != "" {
			t.Errorf("%d wide: %v is cut", width, cut)
		}
		page.picture(fmt.Sprintf("width-%d", width))
	}
	page.fine()
}

func otherReplicas(t *testing.T, b *browser) {
	c := newCentre(40)
	_, url := serve(t, c, "")
	page := b.open(t, url, "light")
	page.until(loaded)
	if got := page.js(`document.querySelectorAll(".banner").length`); got != 0.0 {
		t.Errorf("all is well, and there are %v banners", got)
	}
	banner := func(tone, text string) {
		t.Helper()
		page.until(fmt.Sprintf(`[...document.querySelectorAll(".banner.%s")].some((b) => b.innerText.replaceAll("\n", " ").includes(%q))`, tone, text))
	}

	c.change(func(s *mirror.Snapshot) {
		s.Troubles = []mirror.Trouble{{What: "store", Text: "no space left on device"}}
	})
	banner("bad", "The store fails nothing can be kept, so nobody is moved: no space left on device")
	page.picture("store-light")

	everybody := c.now.Agents
	c.change(func(s *mirror.Snapshot) {
		s.Troubles, s.Standing, s.Agents = []mirror.Trouble{}, mirror.Starting, nil
		s.Feed.Salesforce = "starting"
	})
	banner("mind", "Starting Salesforce was not read yet")
	page.until(`document.getElementById("mode").textContent === "starting"`)
	page.until(`document.getElementById("none").innerText === "Both sides are being read."`)

	c.change(func(s *mirror.Snapshot) {
		s.Standing, s.Owner, s.Feed.Salesforce, s.Feed.CXone = mirror.Standby, "replica-2", "standby", "standby"
	})
	banner("info", "Standby replica-2 serves")
	page.until(`document.querySelectorAll(".banner").length === 1`)
	page.until(`document.getElementById("mode").textContent === "standby" && document.querySelectorAll(".feed.off").length === 2`)
	page.until(`document.getElementById("none").innerText.startsWith("replica-2 serves.")`)
	if got := page.js(`document.querySelector("#tiles .big").innerText.split("\n")[0]`); !strings.HasPrefix(got.(string), "–") {
		t.Errorf("of nobody %v are in step", got)
	}
	page.picture("standby-light")

	c.change(func(s *mirror.Snapshot) { // the other has ended
		s.Standing, s.Owner, s.Agents, s.Feed.Salesforce, s.Feed.CXone = mirror.Running, "replica-1", everybody, "events", "polling"
	})
	page.until(`document.querySelectorAll(".banner").length === 0 && document.getElementById("shown").textContent === "40 agents"`)
	page.until(`document.querySelector("#tiles .big").textContent === "92.3 %of 39 on duty"`)
	page.fine()
}

// aLongTimeline is more than is read at a time, and more than a day.
func aLongTimeline(t *testing.T, b *browser) {
	const agent, entries = "agent-00003", `document.querySelectorAll(".entry").length`
	c := newCentre(40)
	now := time.Now()
	c.add(agent, now.Add(-30*time.Hour), "yesterday")
	for i := range 700 {
		c.add(agent, now.Add(time.Duration(i-700)*time.Second), fmt.Sprint("line ", i))
	}
	_, url := serve(t, c, "")
	page := b.open(t, url+"/#/agents/"+agent, "light")
	page.until(entries + " === 300")
	page.js(`document.querySelector(".more").scrollIntoView()`)
	page.picture("earlier-light")
	page.click(".more button")
	page.until(entries + " === 600")

	c.add(agent, time.Now(), "news")
	c.change(func(s *mirror.Snapshot) { agentOf(s, agent).State = `code "Break"` })
	page.until(`document.querySelector(".entry").innerText.includes("news")`)
	if got := page.js(entries); got != 601.0 {
		t.Errorf("with news there are %v lines", got)
	}
	for _, want := range []string{"701", "702"} {
		page.js(`document.querySelector(".more").scrollIntoView()`)
		page.click(".more button")
		page.until(entries + " === " + want)
	}
	if got := page.js(`[...document.querySelectorAll(".entry")].at(-1).innerText`); !strings.Contains(got.(string), "yesterday") {
		t.Errorf("the earliest line is %v", got)
	}
	if got := page.js(`new Set([...document.querySelectorAll(".entry .text")].map((e) => e.textContent)).size`); got != 702.0 {
		t.Errorf("of 702 lines %v are told apart", got)
	}
	page.fine()
}
