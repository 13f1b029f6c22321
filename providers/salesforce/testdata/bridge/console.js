// An agent's Lightning console, as far as the bridge's component can tell: the
// Aura framework's $A and component, lightning:empApi, lightning:omniToolkitAPI,
// and browser tabs that share storage. It runs the component's own source, from
// its three files, through one script, and says what became of it.
//
// In a browser every tab is a frame with its own realm, its own timers and the
// real localStorage; elsewhere the host offers setTimeout, and the storage is
// the one below.
"use strict";

const ids = {
    me: "005000000000001AAA", other: "005000000000002AAA",
    Available: "0N5000000000001AAA", Away: "0N5000000000002AAA", Lunch: "0N5000000000003AAA", Secret: "0N5000000000004AAA",
};
const names = Object.fromEntries(Object.entries(ids).map(([name, id]) => [id.slice(0, 15), name]));

/** idOf is the Id that a script's word stands for; "Away/15" is the short one. */
function idOf(word) {
    if (typeof word !== "string") return word;
    const [name, length] = word.split("/");
    return ids[name] ? ids[name].slice(0, Number(length) || 18) : word;
}

const inBrowser = typeof document !== "undefined";
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

class MemoryStorage {
    constructor() { this.map = new Map(); }
    get length() { return this.map.size; }
    key(i) { return [...this.map.keys()][i] ?? null; }
    getItem(key) { return this.map.get(key) ?? null; }
    setItem(key, value) {
        if (this.full) throw new Error("QuotaExceededError");
        this.map.set(key, String(value));
    }
    removeItem(key) { this.map.delete(key); }
    clear() { this.map.clear(); }
}

/** A Browser has the storage that tabs share. */
class Browser {
    constructor(script) {
        this.lag = script.lag ?? 0;
        this.clock = script.clock ?? 0; // the machine's is ahead of the vendor's by so much
        this.refusal = script.subscribe; // of whoever subscribes
        this.written = new Map(); // by key: what a tab wrote, and what was there before
        this.storage = inBrowser ? window.localStorage : new MemoryStorage();
        this.storage.clear();
        this.off = false;
    }
    /** storageIs makes the storage fine, full or off. */
    storageIs(how) {
        this.off = how === "off";
        if (!inBrowser) {
            this.storage.full = how === "full";
        } else if (how === "full") {
            for (let size = 1 << 20; size > 0; size >>= 1) {
                try {
                    for (let i = 0; ; i++) this.storage.setItem(`filler-${size}-${i}`, "x".repeat(size));
                } catch (full) { /* then with smaller pieces */ }
            }
        } else {
            this.storage.clear();
        }
    }
    /** view is the storage as one tab sees it: what others write takes a while to come. */
    view(storage) {
        const { written, lag } = this;
        const view = { get length() { return storage.length; } };
        const missed = (key) => {
            const last = written.get(key);
            return last && last.by !== view && Date.now() - last.at < lag ? last : null;
        };
        return Object.assign(view, {
            key: (i) => storage.key(i),
            getItem: (key) => { const last = missed(key); return last ? last.before : storage.getItem(key); },
            setItem: (key, value) => {
                const before = storage.getItem(key);
                storage.setItem(key, value);
                written.set(key, { by: view, at: Date.now(), before });
            },
            removeItem: (key) => storage.removeItem(key),
        });
    }
    /** realm is a tab's own: evaluate makes a value of source text, end stops everything in it. */
    realm() {
        const browser = this;
        class Clock extends Date {
            constructor(...of) { super(...(of.length ? of : [Clock.now()])); }
            static now() { return Date.now() + browser.clock; }
        }
        let open = true;
        const frame = inBrowser ? document.body.appendChild(document.createElement("iframe")) : null;
        const inside = frame ? frame.contentWindow : globalThis;
        const view = browser.view(frame ? inside.localStorage : browser.storage);
        const offered = {
            get localStorage() {
                if (browser.off) throw new Error("SecurityError");
                return view;
            },
            setTimeout: (f, ms) => inside.setTimeout(() => { if (open) f(); }, ms),
        };
        return {
            evaluate: (source, $A) => new inside.Function("$A", "window", "Date", "return " + source)($A, offered, Clock),
            end() { open = false; if (frame) frame.remove(); },
        };
    }
}

/** A Toolkit is Omni-Channel in one agent's browser, shared by its tabs. */
class Toolkit {
    constructor(script) {
        this.showing = script.showing ?? "Available";
        this.short = script.short ?? false;
        this.calls = [];
        this.refusal = "";
    }
    getServicePresenceStatusId() {
        if (this.showing === "offline") return Promise.reject(new Error("not logged in"));
        return Promise.resolve({ statusId: idOf(this.showing + (this.short ? "/15" : "")), statusName: this.showing });
    }
    // The real one logs a user in who is not; only what is granted can be set.
    setServicePresenceStatus({ statusId }) {
        const name = names[String(statusId).slice(0, 15)];
        if (this.refusal || !name || name === "Secret") return Promise.reject(new Error(this.refusal || "no access"));
        this.calls.push("set " + name);
        this.showing = name;
        return Promise.resolve({ statusId, statusName: name });
    }
    logout() {
        if (this.refusal) return Promise.reject(new Error(this.refusal));
        this.calls.push("log out");
        this.showing = "offline";
        return Promise.resolve(true);
    }
}

/** A Tab is one console tab with the component in it. */
class Tab {
    constructor(sources, browser, toolkit, script, outcomes) {
        const tab = this;
        this.realm = browser.realm();
        this.valid = true;
        const $A = {
            getCallback: (f) => (...args) => f(...args),
            get: (path) => {
                if (path !== "$SObjectType.CurrentUser.Id") throw new Error("unknown " + path);
                return idOf("me");
            },
        };
        const empApi = {
            onError: (f) => { tab.onError = f; },
            subscribe: (channel, from, f) => {
                if (browser.refusal) return Promise.reject(new Error(browser.refusal));
                if (from !== -1) return Promise.reject(new Error("replays what is past"));
                tab.listen = f;
                return Promise.resolve({ channel, id: "1" });
            },
            unsubscribe: (subscription, f) => { tab.listen = null; f(subscription); },
        };
        this.component = componentOf(sources.markup, { empApi, omniToolkit: toolkit }, () => tab.valid);
        this.helper = this.realm.evaluate(sources.helper, $A);
        this.controller = this.realm.evaluate(sources.controller, $A);
        const receive = this.helper.receive;
        this.helper.receive = (component, message) => {
            let became;
            try {
                became = Promise.resolve(receive.call(tab.helper, component, message));
            } catch (thrown) {
                became = Promise.reject(thrown);
            }
            became.then((what) => outcomes.push(what), (thrown) => outcomes.push("threw: " + thrown.message));
            return became;
        };
        this.controller.onInit(this.component, null, this.helper);
    }
    tell(message) { if (this.listen) this.listen(message); }
    lose(error) {
        this.listen = null;
        this.onError(error);
    }
    close() { // the page goes on without the component, timers and all
        this.controller.onDestroy(this.component, null, this.helper);
        this.valid = false;
    }
    crash() {
        this.valid = false;
        this.listen = null;
        this.realm.end();
    }
}

/** componentOf is the component that the markup declares: nothing else can be found, got or set. */
function componentOf(markup, parts, isValid) {
    const attributes = new Map();
    for (const [tag, name] of markup.matchAll(/<aura:attribute name="(\w+)"[^>]*>/g)) {
        const value = /default="([^"]*)"/.exec(tag)?.[1];
        const type = /type="(\w+)"/.exec(tag)[1];
        attributes.set("v." + name, type === "Boolean" ? value === "true" : ["Integer", "Long"].includes(type) ? Number(value) : value);
    }
    const found = new Map([...markup.matchAll(/aura:id="(\w+)"/g)].map(([, id]) => [id, parts[id]]));
    const declared = (map, name) => {
        if (!map.has(name) || !isValid()) throw new Error("no " + name);
    };
    return {
        isValid,
        find: (id) => { declared(found, id); return found.get(id); },
        get: (name) => { declared(attributes, name); return attributes.get(name); },
        set: (name, value) => { declared(attributes, name); attributes.set(name, value); },
    };
}

/** payloadOf is the text of a script's command, with what is usual where it says nothing. */
function payloadOf(step) {
    if (step.text !== undefined) return step.text;
    const usual = { v: 1, id: "c1", user: "me", epoch: 1, expires: 60000, expect: "Available", set: "Away" };
    const command = { ...usual, ...step.push };
    for (const name of ["user", "expect", "set"]) command[name] = idOf(command[name]);
    if (typeof command.expires === "number") command.expires += Date.now();
    for (const name of step.without ?? []) delete command[name];
    return JSON.stringify(command);
}

/** messageOf is a message with its text, and the vendor's time of it unless a script says that it has none. */
function messageOf(step, payload) {
    if (step.undated) return { data: { payload } };
    return { data: { payload, event: { createdDate: new Date(Date.now() - (step.age ?? 0)).toISOString(), replayId: 1 } } };
}

/** runScript takes the console through a script and returns what it then shows. */
async function runScript(script, sources) {
    const browser = new Browser(script);
    const toolkit = new Toolkit(script);
    const outcomes = [];
    const tabs = [];
    const open = (n) => {
        for (let i = 0; i < n; i++) tabs.push(new Tab(sources, browser, toolkit, script, outcomes));
    };
    open(script.tabs ?? 1);
    await wait(0);
    const act = {
        push: (step) => tell(step, messageOf(step, payloadOf(step))),
        text: (step) => tell(step, messageOf(step, step.text)),
        message: (step) => tell(step, step.message),
        wait: (step) => wait(step.wait),
        show: (step) => { toolkit.showing = step.show; },
        open: (step) => open(step.open),
        close: (step) => tabs[step.close].close(),
        crash: (step) => tabs[step.crash].crash(),
        refuse: (step) => { toolkit.refusal = step.refuse; },
        storage: (step) => browser.storageIs(step.storage),
        error: (step) => tabs.forEach((tab) => tab.lose(step.error)),
        clock: (step) => { browser.clock = step.clock; },
        subscribe: (step) => { browser.refusal = step.subscribe; },
    };
    const tell = (step, message) => {
        tabs.forEach((tab, i) => { if (!step.to || step.to.includes(i)) tab.tell(message); });
    };
    for (const step of script.steps) {
        const verb = Object.keys(act).find((name) => name in step);
        if (!verb) throw new Error("a step that says nothing: " + JSON.stringify(step));
        await act[verb](step);
        await wait(0);
    }
    await wait(2000);
    const state = tabs[0].valid ? tabs[0].component.get("v.state") : "";
    const details = tabs.filter((tab) => tab.valid).map((tab) => tab.component.get("v.detail").replace(/\d+:\d\d:\d\d(\s[AP]M)?/, "TIME"));
    tabs.forEach((tab) => tab.crash());
    return { outcomes: outcomes.sort(), calls: toolkit.calls, showing: toolkit.showing, state, details: details.sort() };
}

/** runScripts runs them one after the other: they share the browser's storage. */
async function runScripts(scripts, sources) {
    const results = {};
    for (const script of scripts) {
        try {
            results[script.name] = await runScript(script, sources);
        } catch (thrown) {
            results[script.name] = { outcomes: ["the script: " + thrown.message], calls: [], showing: "", state: "", details: [] };
        }
    }
    return results;
}
