// What the streaming clients do, and what they must see: the cometd project's
// own library, and jsforce's streaming, which is built on faye. Both push over
// REST and listen over long polling, as the bridge in an agent's console does.
import assert from "node:assert/strict";
import { adapt } from "cometd-nodejs-client";
import { CometD } from "cometd";
import jsforce from "jsforce";
import streaming from "jsforce/lib/api/streaming.js";
import { check, finish } from "./checks.mjs";

const instanceUrl = process.env.SALESFORCE_INSTANCE_URL;
const channel = "/u/client-cometd";

adapt(); // gives Node the little of a browser that the library needs

const conn = new jsforce.Connection({
  instanceUrl,
  version: "67.0",
  oauth2: { loginUrl: instanceUrl, clientId: process.env.SALESFORCE_CLIENT_ID, clientSecret: process.env.SALESFORCE_CLIENT_SECRET },
});
await conn.authorize({ grant_type: "client_credentials" });
const me = (await conn.identity()).user_id;
const other = (await conn.query("SELECT Id FROM User WHERE Username = 'ana.lopez@acme.example'")).records[0].Id;
const { id: channelId } = await conn.sobject("StreamingChannel").create({ Name: channel });
const path = `/sobjects/StreamingChannel/${channelId}/push`;
const push = async (payload, ...userIds) => (await conn.requestPost(path, { pushEvents: [{ payload, userIds }] }))[0];

/** inbox collects what comes, and waits for a number of messages. */
function inbox() {
  const got = [];
  let wake = () => {};
  return {
    take(message) { got.push(message); wake(); },
    async of(n) {
      while (got.length < n) await new Promise((resolve) => { wake = resolve; });
      return got.splice(0, n);
    },
  };
}

const callback = (start) => new Promise((resolve) => start(resolve));

/** client is a CometD client with the scheme that Salesforce wants, and the replay extension. */
function client({ scheme = "OAuth", token = conn.accessToken, from = -1 } = {}) {
  const comet = new CometD();
  comet.configure({ url: `${instanceUrl}/cometd/67.0`, requestHeaders: { Authorization: `${scheme} ${token}` }, appendMessageTypeToURL: false, backoffIncrement: 50 });
  comet.unregisterTransport("websocket");
  comet.registerExtension("replay", {
    outgoing(message) {
      if (message.channel === "/meta/handshake") message.ext = { ...message.ext, replay: true };
      if (message.channel === "/meta/subscribe") message.ext = { ...message.ext, replay: { [channel]: from } };
      return message;
    },
  });
  return {
    comet,
    handshake: () => callback((done) => comet.handshake(done)),
    subscribe: (box, name = channel) => callback((done) => comet.subscribe(name, (m) => box.take(m), done)),
    disconnect: () => callback((done) => comet.disconnect(done)),
  };
}

await check("cometd: handshake, subscribe, push, disconnect", async () => {
  const c = client(), box = inbox();
  assert.equal((await c.handshake()).successful, true);
  assert.equal((await c.subscribe(box)).successful, true);
  assert.deepEqual((await conn.requestGet(path)).OnlineUserIds, [me]);
  assert.deepEqual(await push("to me", me, other), { fanoutCount: 1, userOnlineStatus: { [me]: true, [other]: false } });
  assert.deepEqual(await push("to all"), { fanoutCount: -1, userOnlineStatus: {} });
  await push("to somebody else", other);
  await push("last", me);
  const got = await box.of(3);
  assert.deepEqual(got.map((m) => m.data.payload), ["to me", "to all", "last"]);
  assert.deepEqual(got.map((m) => m.data.event.replayId), [1, 2, 4]);
  assert.equal((await c.disconnect()).successful, true);
  assert.deepEqual((await conn.requestGet(path)).OnlineUserIds, []);
});

await check("cometd: many at once, in order", async () => {
  const c = client(), box = inbox();
  await c.handshake();
  await c.subscribe(box);
  const pushEvents = Array.from({ length: 200 }, (_, i) => ({ payload: String(i), userIds: [me] }));
  await conn.requestPost(path, { pushEvents });
  assert.deepEqual((await box.of(200)).map((m) => Number(m.data.payload)), pushEvents.map((_, i) => i));
  await c.disconnect();
});

await check("cometd: replay of what is kept, and after an event", async () => {
  for (const [from, first] of [[-2, "to me"], [3, "last"]]) {
    const c = client({ from }), box = inbox();
    await c.handshake();
    await c.subscribe(box);
    assert.equal((await box.of(1))[0].data.payload, first);
    await c.disconnect();
  }
});

await check("cometd: a replay id that was never given", async () => {
  const c = client({ from: 1_000_000 });
  await c.handshake();
  const reply = await c.subscribe(inbox());
  assert.equal(reply.successful, false);
  assert.match(reply.error, /^400::The replayId \{1000000\} you provided was invalid/);
  await c.disconnect();
});

await check("cometd: a channel that is not there", async () => {
  const c = client();
  await c.handshake();
  const reply = await callback((done) => {
    c.comet.clearListeners();
    c.comet.unregisterExtension("replay");
    c.comet.subscribe("/u/nothing", () => {}, done);
  });
  assert.match(reply.error, /^400::The channel you requested to subscribe to does not exist/);
  await c.disconnect();
});

for (const [what, options] of [["Bearer is refused", { scheme: "Bearer" }], ["a token that does not work", { token: "bad" }]]) {
  await check(`cometd: ${what}`, async () => {
    const c = client(options);
    const reply = await c.handshake();
    assert.equal(reply.successful, false);
    assert.equal(reply.error, "403::Handshake denied");
    assert.equal(reply.ext.sfdc.failureReason, "401::Authentication invalid");
    assert.equal(reply.advice.reconnect, "none");
  });
}

await check("cometd: an unknown client shakes hands again by itself", async () => {
  const c = client(), box = inbox();
  let handshakes = 0;
  c.comet.addListener("/meta/handshake", (m) => {
    if (!m.successful) return;
    handshakes++;
    c.comet.subscribe(channel, (message) => box.take(message), () => push("after the handshake", me));
  });
  await c.handshake();
  await box.of(1);
  // Somebody with the same cookie makes the server forget it.
  const behind = new window.XMLHttpRequest();
  behind.open("POST", `${instanceUrl}/cometd/67.0`, true);
  behind.setRequestHeader("Authorization", `OAuth ${conn.accessToken}`);
  behind.setRequestHeader("Content-Type", "application/json");
  await new Promise((resolve) => {
    behind.onload = resolve;
    behind.send(JSON.stringify([{ channel: "/meta/disconnect", clientId: c.comet.getClientId() }]));
  });
  assert.equal((await box.of(1))[0].data.payload, "after the handshake");
  assert.equal(handshakes, 2);
  await c.disconnect();
});

await check("jsforce: subscribe, push and unsubscribe by the channel", async () => {
  const box = inbox();
  const generic = conn.streaming.channel(channel);
  const subscription = generic.subscribe((m) => box.take(m));
  await subscription; // faye's are promises of the subscription
  assert.deepEqual(await generic.push({ payload: "from jsforce", userIds: [me] }), { fanoutCount: 1, userOnlineStatus: { [me]: true } });
  assert.equal((await box.of(1))[0].payload, "from jsforce");
  subscription.cancel();
  while ((await conn.requestGet(path)).OnlineUserIds.length > 0); // faye does not say when it has told the server
});

await check("jsforce: replay, by its extension", async () => {
  const box = inbox();
  const client = conn.streaming.createClient([new streaming.StreamingExtension.Replay(channel, -2)]);
  await client.subscribe(channel, (m) => box.take(m));
  assert.equal((await box.of(1))[0].event.replayId, 1);
  await client.disconnect();
});

await check("jsforce: a token that does not work, by its extension", async () => {
  const bad = new jsforce.Connection({ instanceUrl, version: "67.0", accessToken: "bad" });
  const told = new Promise((resolve) => {
    const client = bad.streaming.createClient([new streaming.StreamingExtension.AuthFailure(resolve)]);
    client.subscribe(channel, () => {}).then(() => {}, () => {});
  });
  assert.equal((await told).ext.sfdc.failureReason, "401::Authentication invalid");
});

finish();
