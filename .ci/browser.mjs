// Just enough of a browser for NICE's agent SDK to run in Node: storage, a
// window, and workers that run in this thread. The SDK puts https and a host
// name together for every call; all of those go to the emulator's one address.
const emulator = new URL(process.env.CXONE_ISSUER);
const fetchFromNetwork = globalThis.fetch;

/** Every call the SDK made, as "METHOD path status", in order of the answers. */
export const calls = [];

async function fetchFromEmulator(resource, init) {
  const url = new URL(resource.url ?? resource);
  url.protocol = emulator.protocol;
  url.host = emulator.host;
  const answer = await fetchFromNetwork(url, init);
  calls.push(`${init?.method ?? "GET"} ${url.pathname} ${answer.status}`);
  return answer;
}

class Storage {
  getItem(key) { return Object.hasOwn(this, key) ? this[key] : null; }
  setItem(key, value) { this[key] = String(value); }
  removeItem(key) { delete this[key]; }
  clear() { for (const key of Object.keys(this)) delete this[key]; }
  get length() { return Object.keys(this).length; }
}

// The SDK's workers are text that loads rxjs from a CDN, for one function:
// fetching. That function is offered instead, and nothing is loaded.
const rxjs = { fetch: { fromFetch: (url, init) => ({ toPromise: () => fetchFromEmulator(url, init) }) } };
const scripts = new Map();

class Worker {
  constructor(address) {
    const outside = this;
    const self = { rxjs, importScripts() {}, postMessage: (data) => queueMicrotask(() => outside.onmessage?.({ data })) };
    const quiet = { log() {}, error() {} };
    this.inside = scripts.get(address).text().then((text) => {
      new Function("self", "console", text)(self, quiet);
      return self;
    });
  }
  postMessage(data) { this.inside.then((self) => self.onmessage?.({ data })); }
  terminate() { this.onmessage = undefined; }
}

const events = new EventTarget();
Object.assign(globalThis, {
  window: globalThis, self: globalThis, parent: { postMessage() {} },
  fetch: fetchFromEmulator, Worker,
  localStorage: new Storage(), sessionStorage: new Storage(),
  location: new URL("http://localhost/agent"),
  document: { cookie: "", referrer: "", addEventListener() {}, querySelector: () => null, createElement: () => ({ style: {} }) },
  addEventListener: events.addEventListener.bind(events),
  removeEventListener: events.removeEventListener.bind(events),
  dispatchEvent: events.dispatchEvent.bind(events),
});
URL.createObjectURL = (blob) => {
  const address = `blob:${scripts.size}`;
  scripts.set(address, blob);
  return address;
};
