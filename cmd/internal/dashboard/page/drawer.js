// One agent's two sides and timeline, with the reason of every write.
import { store, watch, timeline, now } from "./store.js";
import { el, put, arrange, onChange, bare, spaced, moment, since, clock, day } from "./format.js";
import { chip, chips, showTie, tone, statusTone } from "./agents.js";

const most = 300; // lines that are read at a time
const box = document.getElementById("drawer");
let shown = "";
let close = () => {};
let pages = []; // of the timeline, the latest first; empty while it is read
let problem = "";

// The nodes stay for good, so that what is pressed is there when it is released.
const name = el("h2"), about = el("p", { class: "meta" }), signs = el("div", { class: "chips" });
const shut = el("button", { class: "close", type: "button", "aria-label": "Close", onclick: () => close() }, "×");
const left = makePane("CXone"), between = el("span", { role: "img" }), right = makePane("Salesforce");
const sides = el("div", { class: "sides" }, left.node, between, right.node);
const lines = el("ol", { class: "lines" });
const back = el("span"), foot = el("li", { class: "more" }, el("button", { type: "button", onclick: () => queue(earlier) }, "Earlier"), back);
let entries = new Map(); // by what they say

export function startDrawer(onClose) {
  close = onClose;
  box.append(el("header", {}, name, about, shut, sides, signs), lines);
  document.addEventListener("keydown", (e) => e.key === "Escape" && shown && close());
  watch((changed) => {
    if (!shown) return;
    header();
    if (changed.has(shown)) queue(latest);
  });
  setInterval(() => shown && ages(), 1000);
}

export function show(key) {
  if (key === shown) return;
  shown = key;
  pages = [];
  problem = "";
  box.hidden = !key;
  if (!key) return;
  header();
  list();
  lines.scrollTop = 0;
  queue(latest);
  shut.focus();
}

// queue reads one thing after the other; what waits already is not asked for twice.
const waiting = new Set();
let reading = Promise.resolve();
function queue(task) {
  if (waiting.has(task)) return;
  waiting.add(task);
  reading = reading.then(async () => {
    waiting.delete(task);
    const key = shown;
    if (!key) return;
    try {
      const then = await task(key);
      if (key !== shown) return;
      pages = then;
      problem = "";
    } catch {
      if (key !== shown) return;
      problem = "The timeline cannot be read now.";
    }
    list();
  });
}

// latest reads the newest page. Where earlier ones are shown it ends where they
// begin; they are given up when too much has happened since.
async function latest(key) {
  if (pages.length < 2) return [await timeline(key, { limit: most })];
  const page = await timeline(key, { from: end(pages[0]) });
  return page.more ? [page] : [page, ...pages.slice(1)];
}

async function earlier(key) {
  return pages.length ? [...pages, await timeline(key, { to: end(pages.at(-1)), limit: most })] : latest(key);
}

// end is the time up to which a page goes back, and the page before it up to.
const end = (page) => (page.more ? page.lines.at(-1).at : page.from);

function header() {
  const a = store.agents.get(shown);
  put(name, a ? a.name : shown);
  put(about, a ? [a.login, a.team, a.rule ? `rule ${a.rule}` : "no rule"].filter(Boolean).join(" · ") : "This agent is not matched now.");
  sides.hidden = signs.hidden = !a;
  if (!a) return;
  left.show(bare(a.state), tone(a.state), moment(a.state_since));
  showTie(between, a);
  right.show(spaced(a.status), statusTone(a), moment(a.status_since));
  showChips(chips(a, false));
}

const showChips = onChange((list) => signs.replaceChildren(...list.map(chip)));

function ages() {
  left.age();
  right.age();
}

function makePane(vendor) {
  const lasted = el("span"), dot = el("i"), value = el("span", { class: "value" });
  let at = 0;
  const pane = {
    node: el("div", {}, el("div", { class: "vendor" }, vendor, lasted), el("div", { class: "side" }, dot, value)),
    show(text, tone, from) {
      at = from;
      put(dot, null, { class: `dot ${tone}` });
      put(value, text || "not seen yet");
      pane.age();
    },
    age: () => put(lasted, at ? ` · ${since(at, now())}` : ""),
  };
  return pane;
}

// list shows the lines that are known. Those that were there before stay as they
// are: somebody may be reading them.
function list() {
  const was = entries;
  entries = new Map();
  const keep = (key, make) => {
    for (let n = 0; ; n++) { // two lines may say the same
      const once = `${key}\n${n}`;
      if (entries.has(once)) continue;
      entries.set(once, was.get(once) ?? make());
      return;
    }
  };
  const say = (text) => keep(text, () => el("li", { class: "empty" }, text));
  const all = pages.flatMap((page) => page.lines);
  if (problem) say(problem);
  else if (!pages.length) say("Reading the journal…");
  else if (!all.length) say(pages.length > 1 ? "Nothing so far." : "Nothing in the last 24 hours.");
  let date = "";
  for (const line of all) {
    const at = Date.parse(line.at), today = day(at);
    if (today !== date) keep(today, () => el("li", { class: "day" }, today));
    date = today;
    keep(JSON.stringify(line), () => entry(line, at));
  }
  if (pages.length) {
    const to = Date.parse(end(pages.at(-1)));
    put(back, `back to ${day(to)}, ${clock(to)}`);
  }
  arrange(lines, pages.length ? [...entries.values(), foot] : [...entries.values()]);
}

const tones = {
  decided: "info", resent: "mind", done: "good", landed: "good", undeliverable: "bad", missed: "bad",
  parked: "mind", stopped: "mind", notice: "mind",
};
const quiet = new Set(["saw", "answered", "ignored", "superseded"]);

function entry(line, at) {
  const name = line.shadow && line.what === "decided" ? "would decide" : line.what;
  return el("li", { class: `entry${quiet.has(line.what) ? " quiet" : ""}`, "data-what": line.what },
    el("time", { datetime: line.at, title: line.at }, clock(at)),
    el("i", { class: `mark ${tones[line.what] ?? ""}` }),
    el("div", {}, el("div", { class: "what" }, name[0].toUpperCase() + name.slice(1), line.target ? ` · ${line.side} to ${spaced(bare(line.target))}` : ""),
      el("div", { class: "text" }, line.text[0].toUpperCase() + line.text.slice(1)),
      line.row ? el("code", { class: "place" }, line.row) : null));
}
