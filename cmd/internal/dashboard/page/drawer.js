// One agent's two sides and timeline, with the reason of every write.
import { store, watch, timeline, now } from "./store.js";
import { el, bare, spaced, moment, since, clock, day } from "./format.js";
import { chips, tie, tone, statusTone } from "./agents.js";

const box = document.getElementById("drawer");
let shown = "";
let close = () => {};
let lines = null; // null while they are read
let problem = "";
let asked = 0;

export function startDrawer(onClose) {
  close = onClose;
  document.addEventListener("keydown", (e) => e.key === "Escape" && shown && close());
  watch((changed) => shown && (changed.has(shown) ? read() : paint()));
}

export function show(key) {
  if (key === shown) return;
  shown = key;
  lines = null;
  problem = "";
  box.hidden = !key;
  if (!key) return;
  paint();
  read();
  box.querySelector(".close").focus();
}

async function read() {
  const mine = ++asked;
  try {
    const answer = await timeline(shown);
    if (mine !== asked) return;
    lines = answer.lines;
    problem = "";
  } catch {
    if (mine !== asked) return;
    problem = "The timeline cannot be read now.";
  }
  paint();
}

function paint() {
  const a = store.agents.get(shown);
  const scrolled = box.querySelector(".lines")?.scrollTop ?? 0;
  const focused = box.contains(document.activeElement);
  box.replaceChildren(header(a), list());
  box.querySelector(".lines").scrollTop = scrolled;
  if (focused) box.querySelector(".close").focus();
}

function header(a) {
  const button = el("button", { class: "close", type: "button", "aria-label": "Close", onclick: () => close() }, "×");
  if (!a) return el("header", {}, el("h2", {}, shown), el("p", { class: "meta" }, "This agent is not matched now."), button);
  const about = [a.login, a.team, a.rule ? `rule ${a.rule}` : "no rule"].filter(Boolean).join(" · ");
  return el("header", {}, el("h2", {}, a.name), el("p", { class: "meta" }, about), button,
    el("div", { class: "sides" },
      pane("CXone", bare(a.state), tone(a.state), moment(a.state_since)), tie(a, "img"),
      pane("Salesforce", spaced(a.status), statusTone(a), moment(a.status_since))),
    el("div", { class: "chips" }, ...chips(a, false)));
}

function pane(vendor, value, tone, at) {
  return el("div", {}, el("div", { class: "vendor" }, vendor, at ? ` · ${since(at, now())}` : ""),
    el("div", { class: "side" }, el("i", { class: `dot ${tone}` }), el("span", { class: "value" }, value || "not seen yet")));
}

function list() {
  const items = [];
  if (problem) items.push(el("li", { class: "empty" }, problem));
  else if (!lines) items.push(el("li", { class: "empty" }, "Reading the journal…"));
  else if (!lines.length) items.push(el("li", { class: "empty" }, "Nothing in the last 24 hours."));
  let date = "";
  for (const line of lines ?? []) {
    const at = Date.parse(line.at);
    if (day(at) !== date) items.push(el("li", { class: "day" }, (date = day(at))));
    items.push(entry(line, at));
  }
  return el("ol", { class: "lines" }, ...items);
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
