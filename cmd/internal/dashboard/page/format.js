// Small helpers to write values and make elements. Text only ever becomes text
// nodes, so that no name of anybody can become markup.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  return fill(node, attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value == null) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((c) => c != null && c !== ""));
  return node;
}

const number = new Intl.NumberFormat("en");
export const count = (n) => number.format(n);

// The vendors' zero time means that they do not tell.
export const moment = (text) => {
  const at = Date.parse(text);
  return at > 0 ? at : 0;
};

// since says how long something has lasted: 42 s, 17 min, 3 h 05, 2 d.
export function since(at, now) {
  if (!at) return "";
  const s = Math.max(0, Math.round((now - at) / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, "0")}`;
  return `${Math.floor(s / 86400)} d`;
}

export function seconds(s) {
  if (s == null) return "–";
  if (s < 0.0995) return `${(s * 1000).toFixed(s < 0.00995 ? 1 : 0)} ms`;
  if (s < 0.9995) return `${Math.round(s * 1000)} ms`;
  return s < 100 ? `${s.toFixed(s < 10 ? 1 : 0)} s` : `${Math.round(s / 60)} min`;
}

export const clock = (at) => new Date(at).toLocaleTimeString("en-GB");
export const day = (at) => new Date(at).toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long" });

// bare writes a code as people know it, without the quotes that tell codes from words.
export const bare = (state) => state.replace(/^code "(.*)"$/, "$1");

// spaced writes a developer name as people read it.
export const spaced = (status) => status.replaceAll("_", " ");
