// The table of agents. Only the rows in sight exist, so that ten thousand cost
// what forty do.
import { store, watch, now } from "./store.js";
import { el, put, arrange, onChange, bare, spaced, moment, since, count } from "./format.js";

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
const rows = new Map(); // those that exist, by key
let pressed = false;
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
  $("rows").addEventListener("scroll", () => paint(), { passive: true });
  $("rows").addEventListener("keydown", walk);
  $("rows").addEventListener("click", (e) => {
    const row = e.target.closest("[data-key]");
    if (row) open(row.dataset.key);
  });
  $("rows").addEventListener("pointerdown", (e) => (pressed = e.button === 0 && !!e.target.closest("[data-key]")));
  for (const end of ["pointerup", "pointercancel", "contextmenu", "blur"]) addEventListener(end, release);
  new ResizeObserver(() => paint()).observe($("rows"));
  document.addEventListener("keydown", (e) => {
    if (e.key === "/" && !/INPUT|SELECT/.test(document.activeElement.tagName)) {
      e.preventDefault();
      $("search").focus();
    }
  });
  watch(refresh);
  setInterval(() => rows.forEach((row) => row.age(now())), 1000);
}

// release lets rows move again, once the click has come.
function release() {
  if (!pressed) return;
  pressed = false;
  requestAnimationFrame(() => refresh(new Set()));
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

// refresh finds out who is to be seen. While a row is pressed all stay in their
// places, for it would be another row that is released.
function refresh(changed) {
  if (pressed) return paint(changed);
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
  $("shown").textContent = !store.head ? "" : list.length === total ? `${count(total)} agents` : `${count(list.length)} of ${count(total)} agents`;
  $("none").hidden = list.length > 0;
  $("none").textContent = total ? "Nobody fits these filters." : nobody();
  $("grid").setAttribute("aria-rowcount", String(list.length + 1));
  [...$("columns").children].forEach((cell, i) => {
    const button = cell.firstChild;
    if (!button) return;
    if (i === order.column) button.dataset.sort = order.down ? "down" : "up";
    else delete button.dataset.sort;
    cell.setAttribute("aria-sort", i === order.column ? (order.down ? "descending" : "ascending") : "none");
  });
}

// nobody says why there is nobody.
function nobody() {
  const h = store.head;
  if (!h) return "Nothing is known yet.";
  if (h.standing === "standby") return h.owner ? `${h.owner} serves. This replica sees nobody before it takes over.` : "This replica sees nobody before it has the lease.";
  return h.standing === "starting" ? "Both sides are being read." : "No agents are matched yet.";
}

function paint(changed = new Set()) {
  const box = $("rows");
  if (!box.clientHeight) return;
  const first = Math.max(0, Math.floor(box.scrollTop / height) - 4);
  const last = Math.min(list.length, Math.ceil((box.scrollTop + box.clientHeight) / height) + 4);
  const time = now();
  const there = new Map();
  for (let i = first; i < last; i++) {
    const a = store.agents.get(list[i].key) ?? list[i];
    const row = rows.get(a.key) ?? makeRow(a.key);
    row.show(a, i, time);
    if (changed.has(a.key)) row.node.classList.add("changed");
    there.set(a.key, row);
  }
  rows.clear();
  for (const [key, row] of there) rows.set(key, row);
  $("spacer").style.height = `${list.length * height}px`;
  $("window").style.transform = `translateY(${first * height}px)`;
  arrange($("window"), [...there.values()].map((row) => row.node));
}

// makeRow makes the nodes of a row, which are its agent's for as long as that is
// in sight.
function makeRow(key) {
  const name = el("b"), login = el("small"), who = el("span", { class: "who", role: "cell" }, name, login);
  const team = el("span", { role: "cell" }), between = el("span", { role: "cell" }), signs = el("span", { class: "chips", role: "cell" });
  const left = makeSide(), right = makeSide();
  const node = el("div", { class: "body row", role: "row", "data-key": key }, who, team, left.node, between, right.node, signs);
  node.addEventListener("animationend", () => node.classList.remove("changed"));
  const showChips = onChange((list) => signs.replaceChildren(...list.map(chip)));
  return {
    node,
    show(a, index, time) {
      put(node, null, { "aria-rowindex": index + 2, "aria-current": a.key === chosen ? "true" : null });
      node.classList.toggle("chosen", a.key === chosen);
      put(who, null, { title: a.login });
      put(name, a.name);
      put(login, a.login);
      put(team, a.team || "–");
      left.show(bare(a.state), tone(a.state), moment(a.state_since), time);
      showTie(between, a);
      right.show(spaced(a.status), statusTone(a), moment(a.status_since), time);
      showChips(chips(a, true));
    },
    age(time) {
      left.age(time);
      right.age(time);
    },
  };
}

function makeSide() {
  const dot = el("i"), text = document.createTextNode(""), lasted = el("small"), value = el("span", {}, text, lasted);
  const node = el("span", { class: "side", role: "cell" }, dot, value);
  let at = 0;
  const side = {
    node,
    show(shown, tone, from, time) {
      if (from !== at) put(node, null, { title: from ? `since ${new Date(from).toLocaleString("en-GB")}` : null });
      at = from;
      put(dot, null, { class: `dot ${tone}` });
      put(value, null, { class: tone === "out" ? "muted" : null });
      put(text, shown || "not seen yet");
      side.age(time);
    },
    age: (time) => put(lasted, since(at, time)),
  };
  return side;
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

export function showTie(node, a) {
  if (a.pending) put(node, a.pending.startsWith("CXone") ? "←" : "→", { class: "tie moving", title: a.pending });
  else if (isApart(a)) put(node, "≠", { class: "tie apart", title: "The two sides are not a pair of the rule" });
  else put(node, a.mapped ? "=" : "·", { class: "tie", title: null });
}

// chips name what is not as it should be, the worst first.
export function chips(a, short) {
  const list = [];
  const add = (tone, name, why) => list.push({ tone, text: short ? name : `${name}: ${why}`, why });
  if (a.undeliverable) add("bad", "Undeliverable", a.undeliverable);
  if (a.stopped) add("mind", "Stopped", a.stopped);
  if (a.parked) add("mind", "Parked", a.parked);
  if (a.pending) list.push({ tone: "info", text: short ? spaced(bareTarget(a.pending)) : `Pending: ${a.pending}`, why: a.pending });
  if (!list.length && isApart(a)) list.push({ tone: "bad", text: "Apart" });
  if (!list.length && !a.rule) list.push({ tone: "", text: "No rule" });
  if (!a.console) list.push({ tone: "", text: "No console", why: "No Salesforce console with the bridge is open" });
  return list;
}

export const chip = ({ tone, text, why }) => el("span", { class: `chip ${tone}`, title: why }, text);

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
