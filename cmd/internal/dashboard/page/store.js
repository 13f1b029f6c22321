// What is known of the sync: loaded once, then kept up to date by server-sent
// events. Whoever shows something subscribes and is told once a frame.

export const store = {
  head: null, replica: "", version: "", link: "connecting",
  agents: new Map(), // by key
  changed: new Set(), // keys changed since the last frame
  points: [],
  skew: 0, // of this browser's clock
};

const listeners = [];
export const watch = (listener) => listeners.push(listener);
export const now = () => Date.now() + store.skew;

let asked = false;
export function announce() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    const changed = store.changed;
    store.changed = new Set();
    for (const listener of listeners) listener(changed);
  });
}

async function get(path) {
  const answer = await fetch(path, { headers: { Accept: "application/json" } });
  if (answer.status === 401) location.reload(); // the session is over
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

export const timeline = (key, range) => get(`api/v1/agents/${encodeURIComponent(key)}/timeline?${new URLSearchParams(range)}`);

let source = null;
let again = 500;

// load reads everything and follows from there. It is also what to do when the
// server says that this client has fallen behind.
export async function load() {
  source?.close();
  try {
    const [document, points] = await Promise.all([get("api/v1/snapshot"), get("api/v1/history")]);
    again = 500;
    if (!document.now) {
      say("starting");
      setTimeout(load, 2000);
      return;
    }
    Object.assign(store, { replica: document.replica, version: document.version, points });
    store.agents = new Map(document.now.agents.map((a) => [a.key, a]));
    takeHead(document.now);
    follow(document.since);
  } catch {
    lost();
  }
}

function lost() {
  say("lost");
  setTimeout(load, again);
  again = Math.min(again * 2, 15000);
}

function follow(id) {
  source = new EventSource(`api/v1/events?since=${encodeURIComponent(id)}`);
  source.onopen = () => say("live");
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) lost();
    else say("lost"); // the browser tries again by itself, from the last event
  };
  source.addEventListener("reload", load);
  source.addEventListener("delta", (event) => take(JSON.parse(event.data)));
}

function take(delta) {
  for (const agent of delta.agents ?? []) {
    store.agents.set(agent.key, agent);
    store.changed.add(agent.key);
  }
  for (const key of delta.gone ?? []) {
    store.agents.delete(key);
    store.changed.add(key);
  }
  if (delta.point) store.points = [...store.points.slice(-2159), delta.point];
  takeHead(delta.head);
}

function takeHead(head) {
  head.unmatched ??= store.head?.unmatched ?? []; // it is sent when it changes
  store.head = head;
  store.skew = Date.parse(head.at) - Date.now();
  announce();
}

function say(link) {
  store.link = link;
  announce();
}
