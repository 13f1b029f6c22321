// The frame around the views: what concerns everybody, and which view is open.
import { store, watch, load } from "./store.js";
import { el, svg, count, seconds } from "./format.js";
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
  $("tenant").textContent = h.tenant;
  document.title = h.halted ? `Halted · Lockstep` : h.totals.apart ? `${count(h.totals.apart)} apart · Lockstep` : "Lockstep";
  $("mode").textContent = h.mode;
  $("mode").className = h.mode === "live" ? "pill" : "pill watch";
  const mine = h.owner === store.replica;
  $("owner").textContent = h.owner ? (mine ? `owner: this replica, ${h.owner}` : `owner: ${h.owner}`) : "no owner";
  $("owner").title = `epoch ${h.epoch}`;
  feed("cxone", h.feed.cxone, `every ${h.feed.interval}`);
  feed("salesforce", h.feed.salesforce, "");
  banners(h);
  tiles(h);
  strangers(h.unmatched ?? []);
}

function feed(side, words, more) {
  const box = $(`feed-${side}`);
  box.title = [words, more].filter(Boolean).join(", ");
  box.className = `feed ${words.startsWith("down") ? "down" : side === "salesforce" && words.startsWith("polling") ? "slow" : ""}`;
}

let bannered = "";
function banners(h) {
  const list = [];
  if (h.halted) list.push(["bad", "Halted", h.halted]);
  if (h.one_way) list.push(["mind", "One-way", h.one_way]);
  if (h.feed.cxone.startsWith("down")) list.push(["bad", "CXone cannot be read", h.feed.cxone.replace(/^down:? ?/, "")]);
  if (h.feed.salesforce.startsWith("down")) list.push(["bad", "Salesforce cannot be read", h.feed.salesforce.replace(/^down:? ?/, "")]);
  if (h.mode !== "live") list.push(["info", h.mode === "shadow" ? "Shadow" : "Dry run", "everything is decided, nothing is written"]);
  if (!h.owner) list.push(["mind", "Waiting", "no replica holds the lease"]);
  const key = JSON.stringify(list);
  if (key === bannered) return;
  bannered = key;
  $("banners").replaceChildren(...list.map(([tone, name, why]) => el("div", { class: `banner ${tone}` }, el("b", {}, name), el("span", {}, why))));
}

let tiled = "";
function tiles(h) {
  const t = h.totals;
  const step = t.agents ? ((t.agents - t.apart) / t.agents) * 100 : 100;
  const share = step === 100 ? "100" : Math.min(99.9, step).toFixed(1);
  const last = store.points.findLast((p) => p.delay) ?? null;
  const key = JSON.stringify([share, t, h.budget, last, currentCondition()]);
  if (key === tiled) return;
  tiled = key;
  const focused = document.activeElement?.dataset?.condition;
  $("tiles").replaceChildren(
    el("div", { class: `tile ${step < 95 ? "mind" : "good"}` }, name("In step"), el("span", { class: "big" }, `${share} %`, el("span", { class: "sub" }, `of ${count(t.agents)}`))),
    button("apart", "Apart", t.apart, "bad"), button("pending", "Pending", t.pending, "info"), button("parked", "Parked", t.parked, "mind"),
    button("undeliverable", "Undeliverable", t.undeliverable, "bad"), button("stopped", "Stopped", t.stopped, "mind"),
    el("div", { class: "tile" }, name("Added delay"), el("span", { class: "big" }, seconds(last?.delay.p50), el("span", { class: "sub" }, `p99 ${seconds(last?.delay.p99)}`))),
    el("div", { class: "tile" }, name("Salesforce budget today"), el("div", { class: "meter" },
      ...meter("calls", h.budget.calls, h.budget.calls_of), ...meter("events", h.budget.deliveries, h.budget.deliveries_of))));
  if (focused) $("tiles").querySelector(`[data-condition=${focused}]`)?.focus();
}

const name = (text) => el("span", { class: "name" }, text);

function button(value, text, n, tone) {
  const pressed = currentCondition() === value;
  return el("button", {
    class: `tile ${n ? tone : "zero"}`, type: "button", "aria-pressed": String(pressed), "data-condition": value,
    onclick: () => {
      condition(pressed ? "" : value);
      location.hash = "#/agents";
      frame();
    },
  }, name(text), el("span", { class: "big" }, count(n)));
}

function meter(text, used, of) {
  const share = of > 0 ? Math.min(1, used / of) : 0;
  const tone = share >= 1 ? "bad" : share > 0.8 ? "mind" : "";
  return [el("span", {}, text),
    svg("svg", { viewBox: "0 0 100 6", preserveAspectRatio: "none", role: "img", "aria-label": `${text}: ${Math.round(share * 100)} %` },
      svg("rect", { class: "track", width: 100, height: 6 }), svg("rect", { class: `fill ${tone}`, width: share * 100, height: 6 })),
    el("span", { title: `${count(used)} of ${count(of)}` }, of > 0 ? `${compact(used)} / ${compact(of)}` : compact(used))];
}

const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const compact = (n) => short.format(n);

let listed = "";
function strangers(list) {
  $("strange-count").hidden = !list.length;
  $("strange-count").textContent = count(list.length);
  const key = JSON.stringify(list);
  if (key === listed) return;
  listed = key;
  const most = 500;
  const rows = list.slice(0, most).map((p) => el("tr", {}, el("td", {}, p.name || "–"), el("td", {}, p.side === "cxone" ? "CXone" : "Salesforce"), el("td", {}, el("code", {}, p.id)), el("td", {}, p.why)));
  $("view-unmatched").replaceChildren(list.length
    ? el("article", { class: "card" }, el("header", {}, el("h2", {}, "People without a counterpart"), el("span", { class: "soft" }, "nobody is guessed; a user_mapping block names them"),
        list.length > most ? el("span", { class: "soft" }, `the first ${most} of ${count(list.length)}`) : null),
        el("table", {}, el("thead", {}, el("tr", {}, ...["Name", "Side", "Id", "Why"].map((t) => el("th", {}, t)))), el("tbody", {}, ...rows)))
    : el("p", { class: "empty" }, "Everybody has exactly one counterpart."));
}

startAgents(openAgent);
startDrawer(closeAgent);
startRules();
startActivity();
watch(frame);
addEventListener("hashchange", route);
route();
load();
