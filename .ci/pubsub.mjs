// What the community's Node client of the Pub/Sub API does, and what it must
// see: a channel made over the Tooling API, a subscription with TLS, and one
// agent's day on it. .ci/clients runs it beside the emulator. Each check goes on
// from what the ones before it left.
import assert from "node:assert/strict";
import PubSubApiClient from "salesforce-pubsub-api-client";
import { check, finish } from "./checks.mjs";

const instanceUrl = process.env.SALESFORCE_INSTANCE_URL;
const endpoint = new URL(process.env.SALESFORCE_PUBSUB_ENDPOINT).host;
const organizationId = "00D5g00000ABCDE";
const agent = "ben.okafor@acme.example";
const topic = "/data/Watching__chn";
const filter = "ChangeEventHeader.changeType = 'CREATE' OR (IsCurrentState = false)";
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

let accessToken;

/** call makes a call of the org that this test needs and the client does not. */
async function call(method, path, body, headers = {}) {
  const answer = await fetch(instanceUrl + path, { method, headers: { authorization: `Bearer ${accessToken}`, ...headers }, body });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return text && JSON.parse(text);
}

const json = { "content-type": "application/json" };
const tool = (kind, FullName, Metadata) =>
  call("POST", `/services/data/v67.0/tooling/sobjects/${kind}`, JSON.stringify({ FullName, Metadata }), json);

/** show makes the agent show a status; "" logs out. */
const show = (status) => call("POST", `/_emulator/agents/${agent}`, JSON.stringify({ salesforce_status: status }), json);

/** connect is a client as its documentation makes one, which signs itself in. */
const connect = () => open({
  authType: "oauth-client-credentials", loginUrl: instanceUrl, clientId: process.env.SALESFORCE_CLIENT_ID, clientSecret: process.env.SALESFORCE_CLIENT_SECRET,
});

/** supplied is a client that is told who it is; it takes only https for an org. */
const supplied = (more) => open({
  authType: "user-supplied", instanceUrl: instanceUrl.replace("http:", "https:"), organizationId, accessToken, ...more,
});

async function open(config) {
  const client = new PubSubApiClient({ pubSubEndpoint: endpoint, rejectUnauthorizedSsl: false, ...config }, quiet);
  await client.connect();
  return client;
}

/** inbox is a callback that keeps what it is told, for one who waits for it. */
function inbox() {
  const seen = [];
  let wake = () => {};
  const take = async (kind) => {
    for (;;) {
      const at = seen.findIndex((one) => one.kind === kind);
      if (at >= 0) return seen.splice(at, 1)[0].data;
      await new Promise((resolve) => { wake = resolve; });
    }
  };
  const callback = (_, kind, data) => { seen.push({ kind, data }); wake(); };
  return { take, callback };
}

const client = {};

await check("a token, and a channel with a filter", async () => {
  const form = new URLSearchParams({
    grant_type: "client_credentials", client_id: process.env.SALESFORCE_CLIENT_ID, client_secret: process.env.SALESFORCE_CLIENT_SECRET,
  });
  accessToken = (await call("POST", "/services/oauth2/token", form)).access_token;
  await tool("PlatformEventChannel", "Watching__chn", { channelType: "data", label: "Watching" });
  await tool("PlatformEventChannelMember", "Watching_UserServicePresenceChangeEvent", {
    eventChannel: "Watching__chn", selectedEntity: "UserServicePresenceChangeEvent", filterExpression: filter,
  });
});

await check("a login is a CREATE, read by the client's own codec", async () => {
  client.box = inbox();
  client.api = await connect();
  await show("");
  client.api.subscribeFromEarliestEvent(topic, client.box.callback, 100);
  await show("Available_Cases");
  const { payload, replayId } = await client.box.take("event");
  assert.equal(payload.ChangeEventHeader.entityName, "UserServicePresence");
  assert.equal(payload.ChangeEventHeader.changeType, "CREATE");
  assert.equal(payload.IsCurrentState, true);
  assert.match(payload.UserId, /^005.{15}$/);
  assert.match(payload.ServicePresenceStatusId, /^0N5.{15}$/);
  client.login = { replayId, id: payload.ChangeEventHeader.recordIds[0], user: payload.UserId, from: payload.StatusStartDate };
});

await check("a logout is an UPDATE that names what changed, and carries only that", async () => {
  await show("");
  const { payload, replayId } = await client.box.take("event");
  assert.equal(payload.ChangeEventHeader.changeType, "UPDATE");
  assert.deepEqual(payload.ChangeEventHeader.recordIds, [client.login.id]);
  assert.deepEqual([...payload.ChangeEventHeader.changedFields].sort(), ["IsCurrentState", "LastModifiedDate", "StatusDuration", "StatusEndDate"]);
  assert.equal(payload.IsCurrentState, false);
  assert.equal(payload.UserId, null);
  assert.ok(payload.StatusEndDate >= client.login.from, "it ends before it began");
  assert.ok(replayId > client.login.replayId, "the places do not grow");
});

await check("a subscription goes on from a place", async () => {
  const box = inbox();
  const api = await connect();
  api.subscribeFromReplayId(topic, box.callback, 1, client.login.replayId);
  const { payload } = await box.take("event");
  assert.equal(payload.ChangeEventHeader.changeType, "UPDATE");
  await box.take("lastEvent");
  api.close();
});

for (const [name, wanted, topicName, more, replayId] of [
  ["a place that was never given out", "subscription.fetch.replayid.corrupted", topic, {}, 1],
  ["a topic that nobody made", "topic.not.found", "/data/Watching_chn", {}],
  ["a token that is none", "service.auth.error", topic, { accessToken: "00D5g00000ABCDE!none" }],
  ["the host of another org", "service.auth.headers.invalid", topic, { instanceUrl: "https://other.my.salesforce.com" }],
]) {
  await check(`refused: ${name}`, async () => {
    const box = inbox();
    const api = await supplied(more);
    if (replayId) api.subscribeFromReplayId(topicName, box.callback, 1, replayId);
    else api.subscribe(topicName, box.callback, 1);
    const error = await box.take("error");
    assert.deepEqual(error.metadata?.get("error-code"), [`sfdc.platform.eventbus.grpc.${wanted}`], String(error));
    api.close();
  });
}

client.api?.close();
finish();
