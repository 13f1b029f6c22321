// The frame around the views: what concerns everybody, and which view is open.
import { store, watch, announce, load } from "./store.js";
import { el, svg, put, onChange, count, seconds } from "./format.js";
import { startAgents, condition, currentCondition, choose } from "./agents.js";
import { startDrawer, show } from "./drawer.js";
import { startRules, paint as paintRules } from "./rules.js";
import { startActivity, paint as paintActivity } from "./activity.js";

const $ = (id) => document.getElementById(id);
const views = ["agents", "rules", "activity", "unmatched"];

function route() {
  const [, view, key] = location.hash.split("/");
  const open = views.includes(view) ? view : "agents";
  for (const name of views) {
    $(`view-${name}`).hidden = name !== open;
    const tab = document.querySelector(`[data-tab=${name}]`);
    if (name === open) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  const agent = open === "agents" && key ? decodeURIComponent(key) : "";
  choose(agent);
  show(agent);
  if (open === "rules") paintRules();
  if (open === "activity") paintActivity();
}

const openAgent = (key) => (location.hash = `#/agents/${encodeURIComponent(key)}`);
const closeAgent = () => (location.hash = "#/agents");

function frame() {
  const h = store.head;
  const link = $("link");
  link.textContent = { live: "up to date", lost: "reconnecting", starting: "starting" }[store.link] ?? "connecting";
  link.className = `link ${store.link}`;
  if (!h) return;
  put($("tenant"), h.tenant, { title: h.tenant });
  document.title = [title(h), "Lockstep"].filter(Boolean).join(" · ");
  const serves = h.standing === "running";
  if (h.halted) put($("mode"), "halted", { class: "pill bad" });
  else put($("mode"), serves ? h.mode : h.standing, { class: serves && h.mode === "live" ? "pill" : "pill watch" });
  const mine = h.owner === store.replica;
  put($("owner"), h.owner ? (mine ? "owner: this replica" : `owner: ${h.owner}`) : "no owner", { title: [h.owner, `epoch ${h.epoch}`].filter(Boolean).join(", ") });
  feed("cxone", h.feed.cxone, `every ${h.feed.interval}`);
  feed("salesforce", h.feed.salesforce, "");
  banners(warnings(h));
  tiles(h);
  strangers(h.unmatched);
}

function title(h) {
  if (h.halted) return "Halted";
  if (h.standing !== "running") return h.standing[0].toUpperCase() + h.standing.slice(1);
  return h.totals.apart ? `${count(h.totals.apart)} apart` : "";
}

function feed(side, words, more) {
  const look = /^(down|standby|starting|polling)/.exec(words)?.[1] ?? "";
  const how = { down: "down", standby: "off", starting: "slow", polling: side === "salesforce" ? "slow" : "" }[look] ?? "";
  put($(`feed-${side}`), null, { title: how === "off" ? "not looked at by this replica" : [words, more].filter(Boolean).join(", "), class: `feed ${how}` });
}

const vendors = { cxone: "CXone", salesforce: "Salesforce" };

// What does not work, by its name in the snapshot. That a side cannot be read is
// told by how it is observed.
const wrong = {
  store: ["bad", "The store fails", "nothing can be kept, so nobody is moved"],
  "writing to CXone": ["bad", "CXone cannot be written to"],
  "writing to Salesforce": ["bad", "Salesforce cannot be written to"],
  people: ["mind", "People cannot be read", "everybody stays matched as before"],
  control: ["mind", "Orders to stop and resume cannot be read"],
  budget: ["mind", "Salesforce budget"],
  online: ["mind", "Open consoles cannot be read"],
  limits: ["mind", "Salesforce limits cannot be read"],
};

function warnings(h) {
  const list = [];
  if (h.halted) list.push(["bad", "Halted", h.halted]);
  for (const t of h.troubles) {
    const [tone, name, means] = wrong[t.what] ?? [];
    if (tone) list.push([tone, name, [means, t.text].filter(Boolean).join(": ")]);
  }
  for (const [side, vendor] of Object.entries(vendors)) {
    if (h.feed[side].startsWith("down")) list.push(["bad", `${vendor} cannot be read`, h.feed[side].replace(/^down:? ?/, "")]);
  }
  if (h.standing === "starting") list.push(["mind", "Starting", `${unread(h)} read yet; nobody is moved before`]);
  if (h.standing === "standby" && h.owner) list.push(["info", "Standby", `${h.owner} serves; this replica sees nobody, and takes over when that ends`]);
  if (h.standing === "ending") list.push(["info", "Ending", "nothing new is begun"]);
  if (!h.owner) list.push(["mind", "Waiting", "no replica holds the lease"]);
  if (h.one_way) list.push(["mind", "One-way", h.one_way]);
  if (h.mode !== "live") list.push(["info", h.mode === "shadow" ? "Shadow" : "Dry run", "everything is decided, nothing is written"]);
  return list;
}

function unread(h) {
  const sides = Object.keys(vendors).filter((side) => /^(starting|down)/.test(h.feed[side]));
  return sides.length === 1 ? `${vendors[sides[0]]} was not` : "both sides were not";
}

const banners = onChange((list) =>
  $("banners").replaceChildren(...list.map(([tone, name, why]) => el("div", { class: `banner ${tone}` }, el("b", {}, name), el("span", {}, why)))));

// The tiles stay the same nodes, so that one that is pressed is there when it is
// released.
const share = makeTile("div", "In step"), delay = makeTile("div", "Added delay");
const conditions = [["apart", "Apart", "bad"], ["pending", "Pending", "info"], ["parked", "Parked", "mind"], ["undeliverable", "Undeliverable", "bad"], ["stopped", "Stopped", "mind"]]
  .map(([value, text, tone]) => ({ value, tone, tile: makeTile("button", text, { type: "button", "data-condition": value, onclick: () => pick(value) }) }));
const calls = makeMeter("calls"), events = makeMeter("events");
$("tiles").append(share.node, ...conditions.map((c) => c.tile.node), delay.node,
  el("div", { class: "tile", id: "budget" }, name("Salesforce budget today"), el("div", { class: "meter" }, ...calls.nodes, ...events.nodes)));

function tiles(h) {
  const t = h.totals, of = t.on_duty;
  const step = of ? ((of - t.apart) / of) * 100 : null;
  const written = step === null ? "–" : `${step === 100 ? "100" : Math.min(99.9, step).toFixed(1)} %`;
  share.show(step === null ? "zero" : step < 95 ? "mind" : "good", written, of ? `of ${count(of)} on duty` : "nobody is on duty");
  for (const { value, tone, tile } of conditions) {
    tile.show(t[value] ? tone : "zero", count(t[value]));
    put(tile.node, null, { "aria-pressed": currentCondition() === value });
  }
  const last = store.points.findLast((p) => p.delay) ?? null;
  delay.show(last ? "" : "zero", seconds(last?.delay.p50), last ? `p99 ${seconds(last.delay.p99)}` : "");
  calls.show(h.budget.calls, h.budget.calls_of);
  events.show(h.budget.deliveries, h.budget.deliveries_of);
}

function pick(value) {
  condition(currentCondition() === value ? "" : value);
  location.hash = "#/agents";
  if (store.head) tiles(store.head);
}


function name(text) {
  return el("span", { class: "name" }, text);
}

function makeTile(tag, text, attributes) {
  const value = document.createTextNode("–"), more = el("span", { class: "sub" }); // nothing is known at first
  const node = el(tag, { class: "tile zero", ...attributes }, name(text), el("span", { class: "big" }, value, more));
  return {
    node,
    show(tone, shown, sub = "") {
      put(node, null, { class: `tile ${tone}` });
      put(value, shown);
      put(more, sub);
    },
  };
}

function makeMeter(text) {
  const bar = svg("rect", { height: 6 }), says = el("span");
  const drawn = svg("svg", { viewBox: "0 0 100 6", preserveAspectRatio: "none", role: "img" }, svg("rect", { class: "track", width: 100, height: 6 }), bar);
  return {
    nodes: [el("span", {}, text), drawn, says],
    show(used, of) {
      const share = of > 0 ? Math.min(1, used / of) : 0;
      put(drawn, null, { "aria-label": `${text}: ${Math.round(share * 100)} %` });
      put(bar, null, { width: share * 100, class: `fill ${share >= 1 ? "bad" : share > 0.8 ? "mind" : ""}` });
      put(says, of > 0 ? `${compact(used)} / ${compact(of)}` : compact(used), { title: `${count(used)} of ${count(of)}` });
    },
  };
}

const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const compact = (n) => short.format(n);

const strangers = onChange((list) => {
  $("strange-count").hidden = !list.length;
  $("strange-count").textContent = count(list.length);
  const most = 500;
  const rows = list.slice(0, most).map((p) => el("tr", {}, el("td", {}, p.name || "–"), el("td", {}, el("code", {}, p.login || p.id)), el("td", {}, p.team || "–"), el("td", {}, p.why)));
  $("view-unmatched").replaceChildren(list.length
    ? el("article", { class: "card" }, el("header", {}, el("h2", {}, "Agents without a counterpart in Salesforce"), el("span", { class: "soft" }, "whom a rule reaches; nobody is guessed, a user_mapping block names them"),
        list.length > most ? el("span", { class: "soft" }, `the first ${most} of ${count(list.length)}`) : null),
        el("table", {}, el("thead", {}, el("tr", {}, ...["Name", "Login", "Team", "Why"].map((t) => el("th", {}, t)))), el("tbody", {}, ...rows)))
    : el("p", { class: "empty" }, "Everybody whom a rule reaches has exactly one counterpart."));
});

startAgents(openAgent);
startDrawer(closeAgent);
startRules();
startActivity();
watch(frame);
addEventListener("hashchange", route);
route();
announce(); // the frame without data, until there is some
load();
