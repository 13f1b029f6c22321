// The table of agents. Only the rows in sight exist, so that ten thousand cost
// what forty do.
import { store, watch, now } from "./store.js";
import { el, bare, spaced, moment, since, count } from "./format.js";

const height = 46, headHeight = 36;
const $ = (id) => document.getElementById(id);

const conditions = {
  "": ["Any condition", () => true],
  step: ["In step", (a) => a.mapped && !troubled(a)],
  apart: ["Apart", (a) => isApart(a)],
  pending: ["Pending", (a) => !!a.pending],
  parked: ["Parked", (a) => !!a.parked],
  undeliverable: ["Undeliverable", (a) => !!a.undeliverable],
  stopped: ["Stopped", (a) => !!a.stopped],
  console: ["No console open", (a) => !a.console],
};

export const isApart = (a) => !a.mapped && a.rule && a.status && a.status !== "offline" && a.state && a.state !== "LoggedOut";
const troubled = (a) => a.pending || a.parked || a.undeliverable || a.stopped;

const columns = [
  ["Agent", (a) => a.name.toLowerCase()],
  ["Team", (a) => (a.team || "").toLowerCase()],
  ["CXone", (a) => bare(a.state).toLowerCase()],
  ["", null],
  ["Salesforce", (a) => a.status.toLowerCase()],
  ["Condition", (a) => String(5 - weight(a))],
];
const weight = (a) => (a.undeliverable ? 4 : a.parked || a.stopped ? 3 : a.pending ? 2 : isApart(a) ? 1 : 0);

const filter = { text: "", team: "", rule: "", condition: "" };
const order = { column: 0, down: false };
let list = [];
let chosen = "";
let open = () => {};

export function startAgents(onOpen) {
  open = onOpen;
  columns.forEach(([name, by], i) => {
    const cell = el("span", { role: "columnheader" });
    if (by) cell.append(el("button", { type: "button", onclick: () => sortBy(i) }, name));
    $("columns").append(cell);
  });
  for (const [value, [name]] of Object.entries(conditions)) $("condition").append(el("option", { value }, name));
  $("search").addEventListener("input", (e) => set("text", e.target.value.trim().toLowerCase()));
  for (const name of ["team", "rule", "condition"]) $(name).addEventListener("change", (e) => set(name, e.target.value));
  $("rows").addEventListener("scroll", paint, { passive: true });
  $("rows").addEventListener("keydown", walk);
  $("rows").addEventListener("click", (e) => {
    const row = e.target.closest("[data-key]");
    if (row) open(row.dataset.key);
  });
  new ResizeObserver(() => paint()).observe($("rows"));
  document.addEventListener("keydown", (e) => {
    if (e.key === "/" && !/INPUT|SELECT/.test(document.activeElement.tagName)) {
      e.preventDefault();
      $("search").focus();
    }
  });
  watch(refresh);
  setInterval(() => paint(), 1000); // how long something has lasted
}

export function condition(value) {
  $("condition").value = value;
  set("condition", value);
}
export const currentCondition = () => filter.condition;

export function choose(key) {
  chosen = key;
  paint();
}

function set(name, value) {
  filter[name] = value;
  $("rows").scrollTop = 0;
  refresh(new Set());
}

function sortBy(column) {
  order.down = order.column === column && !order.down;
  order.column = column;
  refresh(new Set());
}

const words = (a) => `${a.name}\n${a.login}\n${a.team}\n${bare(a.state)}\n${a.status}\n${spaced(a.status)}\n${a.rule}`.toLowerCase();

function refresh(changed) {
  options("team", "All teams", (a) => a.team);
  options("rule", "All rules", (a) => a.rule);
  const fits = conditions[filter.condition][1];
  list = [];
  for (const a of store.agents.values()) {
    if (filter.team && a.team !== filter.team) continue;
    if (filter.rule && a.rule !== filter.rule) continue;
    if (!fits(a)) continue;
    if (filter.text && !words(a).includes(filter.text)) continue;
    list.push(a);
  }
  const by = columns[order.column][1];
  const keyed = list.map((a) => [by(a), a.name, a]);
  const sign = order.down ? -1 : 1;
  keyed.sort((x, y) => (x[0] < y[0] ? -sign : x[0] > y[0] ? sign : x[1] < y[1] ? -1 : x[1] > y[1] ? 1 : 0));
  list = keyed.map((k) => k[2]);
  paint(changed);
  labels();
}

// options keeps the choices of a filter; they change only when somebody joins.
const offered = {};
function options(id, all, of) {
  const names = [...new Set([...store.agents.values()].map(of).filter(Boolean))].sort();
  const key = names.join("\n");
  if (offered[id] === key) return;
  offered[id] = key;
  const select = $(id);
  const value = select.value;
  select.replaceChildren(el("option", { value: "" }, all), ...names.map((n) => el("option", { value: n }, n)));
  select.value = names.includes(value) ? value : "";
}

function labels() {
  const total = store.agents.size;
  $("shown").textContent = list.length === total ? `${count(total)} agents` : `${count(list.length)} of ${count(total)} agents`;
  $("none").hidden = list.length > 0;
  $("none").textContent = total ? "Nobody fits these filters." : "No agents are matched yet.";
  $("grid").setAttribute("aria-rowcount", String(list.length + 1));
  [...$("columns").children].forEach((cell, i) => {
    const button = cell.firstChild;
    if (!button) return;
    if (i === order.column) button.dataset.sort = order.down ? "down" : "up";
    else delete button.dataset.sort;
    cell.setAttribute("aria-sort", i === order.column ? (order.down ? "descending" : "ascending") : "none");
  });
}

function paint(changed = new Set()) {
  const box = $("rows");
  if (!box.clientHeight) return;
  $("spacer").style.height = `${list.length * height}px`;
  const first = Math.max(0, Math.floor(box.scrollTop / height) - 4);
  const last = Math.min(list.length, Math.ceil((box.scrollTop + box.clientHeight) / height) + 4);
  const time = now();
  const rows = [];
  for (let i = first; i < last; i++) rows.push(row(list[i], i, time, changed instanceof Set && changed.has(list[i].key)));
  $("window").style.transform = `translateY(${first * height}px)`;
  $("window").replaceChildren(...rows);
}

function row(a, index, time, changed) {
  const classes = `body row${a.key === chosen ? " chosen" : ""}${changed ? " changed" : ""}`;
  return el("div", { class: classes, role: "row", "data-key": a.key, "aria-rowindex": index + 2 },
    el("span", { class: "who", role: "cell", title: a.login }, el("b", {}, a.name), el("small", {}, a.login)),
    el("span", { role: "cell" }, a.team || "–"),
    side(bare(a.state), tone(a.state), moment(a.state_since), time),
    tie(a),
    side(spaced(a.status), statusTone(a), moment(a.status_since), time),
    el("span", { class: "chips", role: "cell" }, ...chips(a, true)));
}

function side(text, tone, at, time) {
  const lasted = since(at, time);
  return el("span", { class: "side", role: "cell", title: at ? `since ${new Date(at).toLocaleString("en-GB")}` : null },
    el("i", { class: `dot ${tone}` }),
    el("span", { class: tone === "out" ? "muted" : null }, text || "not seen yet", lasted ? el("small", {}, lasted) : null));
}

export function tone(state) {
  if (!state || state === "LoggedOut") return "out";
  if (state === "Available") return "";
  return /^(Working|ACW|Dialer|.*Contact|.*Consult)\b/.test(state) ? "work" : "away";
}

// A status shows what the state beside it shows, where the two are a pair.
export function statusTone(a) {
  if (!a.status || a.status === "offline") return "out";
  return a.mapped ? tone(a.state) : "away";
}

export function tie(a, role = "cell") {
  if (a.pending) return el("span", { class: "tie moving", role, title: a.pending }, a.pending.startsWith("CXone") ? "←" : "→");
  if (isApart(a)) return el("span", { class: "tie apart", role, title: "The two sides are not a pair of the rule" }, "≠");
  return el("span", { class: "tie", role }, a.mapped ? "=" : "·");
}

// chips name what is not as it should be, the worst first.
export function chips(a, short) {
  const list = [];
  const add = (tone, name, why) => list.push(el("span", { class: `chip ${tone}`, title: why }, short ? name : `${name}: ${why}`));
  if (a.undeliverable) add("bad", "Undeliverable", a.undeliverable);
  if (a.stopped) add("mind", "Stopped", a.stopped);
  if (a.parked) add("mind", "Parked", a.parked);
  if (a.pending) list.push(el("span", { class: "chip info", title: a.pending }, short ? spaced(bareTarget(a.pending)) : `Pending: ${a.pending}`));
  if (!list.length && isApart(a)) list.push(el("span", { class: "chip bad" }, "Apart"));
  if (!list.length && !a.rule) list.push(el("span", { class: "chip" }, "No rule"));
  if (!a.console) list.push(el("span", { class: "chip", title: "No Salesforce console with the bridge is open" }, "No console"));
  return list;
}

const bareTarget = (text) => text.replace(/code "(.*)"$/, "$1");

function walk(e) {
  const at = list.findIndex((a) => a.key === chosen);
  const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[e.key];
  if (e.key === "Enter" && at >= 0) open(chosen);
  if (!step || !list.length) return;
  e.preventDefault();
  const next = Math.min(list.length - 1, Math.max(0, at + step));
  chosen = list[next].key;
  const box = $("rows");
  if (next * height < box.scrollTop) box.scrollTop = next * height;
  if (headHeight + (next + 1) * height > box.scrollTop + box.clientHeight) box.scrollTop = headHeight + (next + 1) * height - box.clientHeight;
  paint();
}
