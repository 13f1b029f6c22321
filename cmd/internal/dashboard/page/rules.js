// Each rule as a picture: states left, statuses right, an arrow for each row,
// with how many agents show it now. Drawn once for a set of rules; counts change
// in place.
import { store, watch } from "./store.js";
import { el, svg, put, onChange, bare, spaced, count } from "./format.js";

const box = document.getElementById("view-rules");
const width = 640, boxWidth = 210, rowHeight = 40, top = 30;
let cards = []; // by rule

export function startRules() {
  watch(() => !box.hidden && paint());
}

export function paint() {
  if (!store.head) return; // no rule is known of yet, which is not that there is none
  const rules = store.head.rules ?? [];
  draw(rules.map(({ rule, direction, state, status, place }) => [rule, direction, state, status, place]));
  for (const card of cards) card.show(rules.filter((r) => r.rule === card.name));
}

const draw = onChange(() => {
  const rules = store.head?.rules ?? [];
  const open = new Set([...box.querySelectorAll("details[open]")].map((d) => d.dataset.rule));
  const names = [...new Set(rules.map((r) => r.rule))];
  cards = names.map((name) => makeCard(name, rules.filter((r) => r.rule === name), open.has(name)));
  box.replaceChildren(names.length
    ? el("div", { class: "cards" }, ...cards.map((card) => card.node))
    : el("p", { class: "empty" }, "No rule is in force."));
});

function makeCard(name, rows, open) {
  const has = (direction) => rows.some((r) => r.direction === direction);
  const key = (direction, text) => has(direction) ? el("span", {}, el("i", { class: direction }), text) : null;
  const inStep = el("span", { class: "soft" }), drawn = picture(name, rows), listed = table(rows);
  return {
    name,
    node: el("article", { class: "card", "data-rule": name },
      el("header", {}, el("h2", {}, name), inStep,
        el("span", { class: "legend" }, key("both", "both ways"), key("publish", "CXone to Salesforce"), key("subscribe", "Salesforce to CXone"))),
      drawn.node,
      el("details", { class: "rowlist", "data-rule": name, open }, el("summary", {}, rows.length === 1 ? "Its row" : `All ${rows.length} rows`), listed.node)),
    show(rows) {
      put(inStep, `${count(rows.reduce((sum, r) => sum + r.now, 0))} agents in step`);
      drawn.show(rows);
      listed.show(rows);
    },
  };
}

function sum(rows, key) {
  const totals = new Map();
  for (const r of rows) totals.set(r[key], (totals.get(r[key]) ?? 0) + r.now);
  return totals;
}

function picture(name, rows) {
  const states = sum(rows, "state"), statuses = sum(rows, "status");
  const height = top + Math.max(states.size, statuses.size) * rowHeight + 4;
  const place = (names) => {
    const gap = (height - top - 4) / names.length;
    return new Map(names.map((n, i) => [n, top + gap * (i + 0.5)]));
  };
  const left = place([...states.keys()]), right = place(byOrigin(rows, [...statuses.keys()], [...states.keys()]));
  const root = svg("svg", { class: "picture", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Rule ${name}: ${rows.length} rows` },
    svg("defs", {}, ...["publish", "subscribe", "both"].map((d) => arrow(name, d))),
    svg("text", { class: "title", x: 2, y: 14 }, "CXone state"),
    svg("text", { class: "title", x: width - 2, y: 14, "text-anchor": "end" }, "Salesforce status"));
  const lines = rows.map((r) => makeLine(name, r, left.get(r.state), right.get(r.status)));
  const nodes = [
    ...[...left].map(([n, y]) => makeNode(root, "state", n, bare(n), 0, y)),
    ...[...right].map(([n, y]) => makeNode(root, "status", n, spaced(n), width - boxWidth, y)),
  ];
  root.append(...lines.map((l) => l.node), ...nodes.map((n) => n.node));
  return {
    node: root,
    show(rows) {
      lines.forEach((l, i) => l.show(rows[i]));
      const counts = { state: sum(rows, "state"), status: sum(rows, "status") };
      for (const n of nodes) n.show(counts[n.kind].get(n.name));
    },
  };
}

// byOrigin puts statuses beside the states they belong to, so that few lines cross.
function byOrigin(rows, statuses, states) {
  const middle = (status) => {
    const at = rows.filter((r) => r.status === status).map((r) => states.indexOf(r.state));
    return at.reduce((a, b) => a + b, 0) / at.length;
  };
  return statuses.map((s) => [middle(s), s]).sort((a, b) => a[0] - b[0]).map((p) => p[1]);
}

const id = (name, direction) => `tip-${direction}-${[...name].map((c) => c.codePointAt(0).toString(36)).join("")}`;

function arrow(name, direction) {
  return svg("marker", { id: id(name, direction), viewBox: "0 0 10 10", refX: 8.5, refY: 5, markerWidth: 9, markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto-start-reverse" },
    svg("path", { d: "M0 0.8 10 5 0 9.2Z", class: `tip-${direction}` }));
}

function makeLine(name, r, y1, y2) {
  const x1 = boxWidth + 4, x2 = width - boxWidth - 4, bend = (x2 - x1) * 0.45;
  const tip = `url(#${id(name, r.direction)})`;
  const title = svg("title");
  const node = svg("path", {
    class: `row-line ${r.direction}`, "data-state": r.state, "data-status": r.status,
    d: `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`,
    "marker-end": r.direction !== "subscribe" ? tip : null,
    "marker-start": r.direction !== "publish" ? tip : null,
  }, title);
  return {
    node,
    show(r) {
      put(node, null, { "stroke-width": (1.4 + Math.min(3.2, Math.log2(1 + r.now) * 0.55)).toFixed(2) });
      put(title, `${r.place}: ${count(r.now)} agents now, ${count(r.used)} decisions`);
    },
  };
}

function makeNode(root, kind, name, text, x, y) {
  const short = text.length > 23 ? `${text.slice(0, 22)}…` : text;
  const light = (on) => () => {
    root.classList.toggle("lit", on);
    for (const p of root.querySelectorAll("path.row-line")) p.classList.toggle("on", on && p.dataset[kind] === name);
  };
  const badge = svg("text", { x: x + boxWidth - 12, y: y + 4.5, "text-anchor": "end" });
  return {
    kind, name,
    node: svg("g", { class: "node", onpointerenter: light(true), onpointerleave: light(false) },
      svg("title", {}, text),
      svg("rect", { x: x + 0.5, y: y - 15.5, width: boxWidth - 1, height: 31, rx: 8 }),
      svg("text", { x: x + 12, y: y + 4.5 }, short), badge),
    show: (n) => put(badge, count(n), { class: n ? "badge some" : "badge" }),
  };
}

const arrows = { publish: "→", subscribe: "←", both: "↔" };

function table(rows) {
  const now = rows.map(() => el("td", { class: "n" })), used = rows.map(() => el("td", { class: "n" }));
  return {
    node: el("table", {}, el("thead", {}, el("tr", {}, ...["State", "", "Status", "Place"].map((t) => el("th", {}, t)), el("th", { class: "n" }, "Now"), el("th", { class: "n" }, "Decisions"))),
      el("tbody", {}, ...rows.map((r, i) => el("tr", {}, el("td", {}, bare(r.state)), el("td", {}, arrows[r.direction]), el("td", {}, spaced(r.status)),
        el("td", {}, el("code", {}, r.place)), now[i], used[i])))),
    show: (rows) => rows.forEach((r, i) => {
      put(now[i], count(r.now));
      put(used[i], count(r.used));
    }),
  };
}
