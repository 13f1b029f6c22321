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

// put brings a node's text and attributes in line with what is to be seen, and
// leaves alone what is so already: a node that is replaced between press and
// release loses the click, and a text that is replaced loses the selection.
export function put(node, text, attributes = {}) {
  if (text != null && node.textContent !== text) node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) {
    if (value == null) node.removeAttribute(name);
    else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
  }
  return node;
}

// arrange makes nodes the children of a parent, in their order. Those that are
// in their place already are not touched.
export function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.childNodes]) if (!wanted.has(child)) child.remove();
  let at = parent.firstChild;
  for (const node of nodes) {
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
  }
}

// onChange returns a function that shows something when it is not what was shown
// last.
export function onChange(show) {
  let was;
  return (...what) => {
    const is = JSON.stringify(what);
    if (is === was) return;
    was = is;
    show(...what);
  };
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
