// How fast and how much, over time.
import { store, watch } from "./store.js";
import { el, svg, seconds, clock, count } from "./format.js";

const box = document.getElementById("view-activity");
const high = 200, foot = 22, side = 52;

const charts = [
  { title: "Rate", note: "a second", write: (v) => (v < 10 ? v.toFixed(1) : count(Math.round(v))), first: ["changes", (p) => p.changes], second: ["writes", (p) => p.writes] },
  { title: "Added delay", note: "news in to call out", write: seconds, first: ["median", (p) => p.delay?.p50], second: ["99th percentile", (p) => p.delay?.p99] },
  { title: "Reaction", note: "news in until it shows, vendors included", write: seconds, first: ["median", (p) => p.reaction?.p50], second: ["99th percentile", (p) => p.reaction?.p99] },
  { title: "Agents not in step", note: "at a time", write: (v) => count(Math.round(v)), first: ["apart", (p) => p.apart], second: ["pending", (p) => p.pending] },
];

export function startActivity() {
  box.append(el("div", { class: "cards" }, ...charts.map(card)));
  watch(() => !box.hidden && paint());
  new ResizeObserver(() => !box.hidden && paint()).observe(box);
}

function card(chart) {
  chart.box = el("div", { class: "chart" });
  return el("article", { class: "card" },
    el("header", {}, el("h2", {}, chart.title), el("span", { class: "soft" }, chart.note),
      el("span", { class: "legend" }, el("span", {}, el("i", { class: "first" }), chart.first[0]), el("span", {}, el("i", { class: "second" }), chart.second[0]))),
    chart.box);
}

export function paint() {
  for (const chart of charts) {
    const width = chart.box.clientWidth;
    if (chart.points === store.points && chart.width === width) continue; // what is pointed at stays
    Object.assign(chart, { points: store.points, width });
    draw(chart);
  }
}

function draw(chart) {
  const points = store.points.map((p) => ({ at: Date.parse(p.at), first: chart.first[1](p), second: chart.second[1](p) }));
  if (points.length < 2) {
    chart.box.replaceChildren(svg("svg"), el("div", { class: "waiting" }, "The first points come within half a minute."));
    return;
  }
  const width = Math.max(280, chart.box.clientWidth);
  const from = points[0].at, to = points.at(-1).at;
  const step = nice(Math.max(...points.map((p) => Math.max(p.first ?? 0, p.second ?? 0)), 1e-9) / 4);
  const most = step * Math.max(1, Math.ceil(Math.max(...points.map((p) => Math.max(p.first ?? 0, p.second ?? 0))) / step));
  const x = (at) => side + ((at - from) / (to - from)) * (width - side - 8);
  const y = (v) => high - foot - (v / most) * (high - foot - 10);
  const root = svg("svg", { viewBox: `0 0 ${width} ${high}`, role: "img", "aria-label": chart.title });
  for (let v = 0; v <= most + step / 2; v += step) {
    root.append(svg("line", { class: "gridline", x1: side, x2: width - 8, y1: y(v), y2: y(v) }),
      svg("text", { class: "axis", x: side - 8, y: y(v) + 4, "text-anchor": "end" }, v ? chart.write(v) : "0"));
  }
  const marks = Math.max(2, Math.floor(width / 130));
  const length = to - from < marks * 60000 ? 8 : 5; // marks less than a minute apart tell the seconds
  for (let i = 0; i <= marks; i++) {
    const at = from + ((to - from) * i) / marks;
    root.append(svg("text", { class: "axis", x: x(at), y: high - 4, "text-anchor": i === 0 ? "start" : i === marks ? "end" : "middle" }, clock(at).slice(0, length)));
  }
  const area = path(points, "first", x, y);
  if (points.every((p) => p.first != null)) root.append(svg("path", { class: "area", d: `${area}L${x(to)} ${y(0)}L${x(from)} ${y(0)}Z` }));
  root.append(svg("path", { class: "second", d: path(points, "second", x, y) }), svg("path", { class: "first", d: area }));
  hover(chart, root, points, x, width);
  chart.box.replaceChildren(root);
}

// path leaves gaps where nothing was measured.
function path(points, name, x, y) {
  let d = "", pen = "M";
  for (const p of points) {
    if (p[name] == null) {
      pen = "M";
      continue;
    }
    d += `${pen}${x(p.at).toFixed(1)} ${y(p[name]).toFixed(1)}`;
    pen = "L";
  }
  return d;
}

// nice rounds up to 1, 2 or 5 times a power of ten.
function nice(v) {
  const power = 10 ** Math.floor(Math.log10(v));
  return [1, 2, 5, 10].find((n) => n * power >= v) * power;
}

function hover(chart, root, points, x, width) {
  const cross = svg("line", { class: "cross", y1: 8, y2: high - foot });
  const tip = el("div", { class: "tip" });
  root.addEventListener("pointermove", (e) => {
    const at = ((e.clientX - root.getBoundingClientRect().left) / root.getBoundingClientRect().width) * width;
    const p = points.reduce((best, q) => (Math.abs(x(q.at) - at) < Math.abs(x(best.at) - at) ? q : best));
    cross.setAttribute("x1", x(p.at));
    cross.setAttribute("x2", x(p.at));
    const say = (v) => (v == null ? "–" : chart.write(v));
    tip.textContent = `${clock(p.at)}   ${chart.first[0]} ${say(p.first)}   ${chart.second[0]} ${say(p.second)}`;
    tip.style.left = `${Math.min(Math.max(x(p.at), 130), width - 130)}px`;
    if (!cross.isConnected) root.append(cross);
    if (!tip.isConnected) chart.box.append(tip);
  });
  root.addEventListener("pointerleave", () => {
    cross.remove();
    tip.remove();
  });
}
