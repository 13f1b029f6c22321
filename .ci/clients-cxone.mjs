// What NICE's own agent SDK does, and what it must see: the calls of an agent's
// app, in the order in which the app makes them. .ci/clients runs it beside the
// emulator. Each check goes on from what the ones before it left.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { calls } from "./browser.mjs"; // first: the SDK looks for a browser when it loads
import { check, finish } from "./checks.mjs";

const { CXoneAcdClient, CXoneAuth, CXoneClient, CXoneLeaderElector, CXoneUser } = createRequire(import.meta.url)("./nice.cjs");

const issuer = process.env.CXONE_ISSUER;
const organizationId = "00D5g00000ABCDE";
const ana = "ana.lopez@acme.example";
const clientId = "acme-registered-client";

/** until waits for a test to hold. */
async function until(what, test) {
  for (const end = Date.now() + 10_000; !test(); ) {
    assert.ok(Date.now() < end, `waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** An administrator's calls, without the SDK. */
const administrator = {
  async signIn() {
    const answer = await this.call("POST", "/authentication/v1/token/access-key", {
      accessKeyId: process.env.CXONE_ACCESS_KEY_ID, accessKeySecret: process.env.CXONE_ACCESS_KEY_SECRET,
    });
    this.token = answer.access_token;
  },
  async call(method, path, body) {
    const answer = await fetch(issuer + path, {
      method, headers: { authorization: `Bearer ${this.token}` }, body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text} ${answer.headers.get("icStatusDescription")}`);
    return text && JSON.parse(text);
  },
  acd(method, path, body) { return this.call(method, `/incontactapi/services/v34.0/${path}`, body); },
};

/** happen makes something happen to Ana that no call of the vendor's can. */
const happen = (what) => administrator.call("POST", `/_emulator/agents/${ana}`, what);

const auth = CXoneAuth.instance;
const acd = CXoneAcdClient.instance;
const states = [];
const sessions = [];

/** told waits for the next state that the app is told, as its user sees it. */
async function told(...want) {
  for (const expected of want) {
    await until(`the state ${expected}`, () => states.length > 0);
    const { currentState, nextState } = states.shift();
    const shown = [currentState.state, currentState.reason, currentState.isACW ? `ACW ${currentState.acwTimeout}` : ""];
    if (nextState) shown.push("then", nextState.state, nextState.reason);
    assert.equal(shown.filter(Boolean).join(" "), expected);
  }
}

async function session(status) {
  await until(`the session's ${status}`, () => sessions.length > 0);
  const event = sessions.shift();
  assert.equal(event.status, status);
  return event.data;
}

const refused = (work, status) => assert.rejects(work, (err) => {
  assert.equal(err.data?.status, status, JSON.stringify(err));
  return true;
});

const on = (name, work) => check(`NICE SDK: ${name}`, work);

await on("sign in with a code and its verifier", async () => {
  await administrator.signIn();
  auth.init({ cxoneHostname: issuer, clientId, redirectUri: "http://localhost/callback" });
  const page = await auth.getAuthorizeUrl("page", "S256");
  const answer = await fetch(`${page}&login_hint=${ana}`, { redirect: "manual" });
  const back = new URL(answer.headers.get("location"));
  assert.equal(back.searchParams.get("state"), "aaxx-11");
  const token = await auth.getAccessTokenByCode({ clientId, code: back.searchParams.get("code") });
  assert.equal(token.expiresIn, 3600);
});
await on("who signed in, and where", async () => {
  const user = CXoneUser.instance.getUserInfo();
  assert.equal(user.tenantId, process.env.CXONE_TENANT_ID);
  assert.match(user.icAgentId, /^\d+$/);
  assert.ok(Number(user.teamId) > 0);
  assert.equal(auth.getCXoneConfig().acdApiBaseUri, issuer);
  await until("the user's name", () => user.firstName === "Ana");
});
await on("the app's modules begin", async () => {
  acd.initAcdEngagement();
  acd.agentStateService.agentStateSubject.subscribe((state) => states.push(structuredClone(state)));
  acd.session.onAgentSessionChange.subscribe((change) => sessions.push(change));
  await until("leadership among the browser's tabs", () => CXoneLeaderElector.instance.isLeader);
});

const readRule = () => CXoneClient.instance.presenceSyncService.getPresenceSyncRule(organizationId, "salesforce");
await on("no rule is two empty tables", async () => {
  assert.deepEqual({ ...(await readRule()) }, { publisherStateMapping: [], subscriberStateMapping: [] });
});
await on("the rule of the agent's team", async () => {
  const root = "/adapter-apis/v1/salesforce";
  const { agents: [owner] } = await administrator.acd("GET", "agents?searchString=presence-sync");
  const { agents: [{ teamUuId, teamId }] } = await administrator.acd("GET", `agents?searchString=${ana}`);
  const { environmentId } = await administrator.call("POST", `${root}/environments`, {
    environmentName: "Acme", organizationId, platformVersion: "Production", userName: "admin@acme.example",
    password: "p", clientId: "c", clientSecret: "s", emailAddresses: ["crm@acme.example"],
  });
  const { accountMappingId } = await administrator.call("POST", `${root}/account-mappings`, { userId: owner.userID, environmentId });
  const row = (incontactAgentState, partnerAgentState) => ({ incontactAgentState, partnerAgentState });
  const { ruleId } = await administrator.call("POST", `${root}/rules`, {
    ruleName: "Support", accountMappingId,
    publisherStateMap: [row("Available", "Available for Chats"), row("Working", "On a Call")],
    subscriberStateMap: [row("Break", "On Break")],
  });
  await administrator.call("PUT", `${root}/rules/${ruleId}/teams`, { teams: [{ teamId: teamUuId ?? teamId }] });
  const rule = await readRule();
  assert.deepEqual(rule.publisherStateMapping.map((r) => Object.values(r)), [["Available", "Available for Chats"], ["Working", "On a Call"]]);
  assert.deepEqual(rule.subscriberStateMapping.map((r) => Object.values(r)), [["Break", "On Break"]]);
});
const codes = async (anew) => (await acd.agentStateService.getTeamUnavailableCodes(anew)).map((c) => c.reason);
await on("the team's codes", async () => assert.deepEqual(await codes(true), ["Unavailable", "Break", "Wrap Up"]));

const station = { stationId: "", stationPhoneNumber: "+34910000001" };
const choose = (state, reason = "") => acd.session.setAgentState({ state, reason });
await on("start a session", async () => {
  const answer = await acd.session.startSession(station);
  assert.equal(answer.status, 202);
  const start = await session("SessionStart");
  assert.deepEqual([start.agentId, start.stationPhoneNumber, start.canMask], [CXoneUser.instance.getUserInfo().icAgentId, station.stationPhoneNumber, false]);
  assert.notEqual(start.sessionId, answer.data.sessionId);
  await told("loggedin", "unavailable Unavailable");
});
await on("change state and see it", async () => {
  assert.equal((await choose("Available")).status, 202);
  await told("available");
  await choose("Unavailable", "Break");
  await told("unavailable Break");
});
await on("what cannot be chosen", async () => {
  await refused(choose("InboundContact"), 400);
  await refused(choose("Unavailable", "Wrap Up"), 409);
});
await on("an administrator's change", async () => {
  const { icAgentId } = CXoneUser.instance.getUserInfo();
  await administrator.acd("POST", `agents/${icAgentId}/state?state=Available`);
  await told("available");
});
await on("a contact, a choice for later, after-call work", async () => {
  await happen({ cxone_contact: { do: "begin", after_call_work: true, limit: "30s" } });
  await told("Working");
  await choose("Unavailable", "Break");
  await told("Working then Unavailable Break");
  await happen({ cxone_contact: { do: "end" } });
  await told("unavailable ACW 30 then Unavailable Break");
  await happen({ cxone_contact: { do: "done" } });
  await told("unavailable Break");
});
await on("a contact that is refused", async () => {
  await choose("Available");
  await happen({ cxone_contact: { do: "refuse" } });
  await told("available", "unavailable Refused");
});
await on("the team's codes change", async () => {
  const { id } = await administrator.acd("POST", "unavailable-codes", { name: "Lunch" });
  const { teamId } = CXoneUser.instance.getUserInfo();
  const before = calls.length;
  await administrator.acd("POST", `teams/${teamId}/unavailable-codes`, { codes: [{ outStateId: id }] });
  const again = `GET /InContactAPI/services/v23.0/teams/${teamId}/unavailable-codes 200`;
  await until("the app to read them again", () => calls.indexOf(again, before) >= 0);
  await until("the app to keep them", () => Object.values(localStorage).some((kept) => kept.includes(`"Lunch"`)));
  await choose("Unavailable", "Lunch");
  await told("unavailable Lunch");
});
await on("a second session is refused, and joining is not", async () => {
  await refused(acd.session.startSession(station), 409);
  assert.equal((await acd.session.joinSession()).status, 202);
  await session("JoinSessionSuccess");
  await session("SessionStart");
  await told("unavailable Lunch");
});
await on("logged out from afar", async () => {
  const { icAgentId } = CXoneUser.instance.getUserInfo();
  await administrator.acd("POST", `agents/${icAgentId}/logout`);
  assert.equal((await session("SessionEnd")).message, "RemoteLogoff");
});
await on("end one's own session", async () => {
  await acd.session.startSession(station);
  await session("SessionStart");
  await told("loggedin", "unavailable Unavailable");
  const answer = await acd.session.endSession({ forceLogoff: true, endContacts: true, ignorePersonalQueue: true });
  assert.equal(answer.status, 202);
  assert.equal((await session("SessionEnd")).success, true);
});

finish();
