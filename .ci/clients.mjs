// What the Salesforce clients do, and what they must see. .ci/clients runs it
// beside the emulator. Each check is a promise of the vendor's API that a
// library written against the real one relies on; they run in order, each on
// what the ones before it left.
import assert from "node:assert/strict";
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import jsforce from "jsforce";
import jsforceNode from "@jsforce/jsforce-node";
import { check, finish } from "./checks.mjs";

const instanceUrl = process.env.SALESFORCE_INSTANCE_URL;
const app = {
  loginUrl: instanceUrl,
  clientId: process.env.SALESFORCE_CLIENT_ID,
  clientSecret: process.env.SALESFORCE_CLIENT_SECRET,
};
const organizationId = "00D5g00000ABCDE";
const version = "67.0";
const channels = 450; // more than two pages of the smallest size

/** refused asserts that work fails with the vendor's code, and text if given. */
async function refused(work, code, text = /./) {
  await assert.rejects(work, (err) => {
    assert.equal(err.errorCode ?? err.name, code, `${err.name}: ${err.message}`);
    assert.match(err.message, text);
    return true;
  });
}

/** archive is the zip of a deploy: package.xml and files, by their paths. */
function archive(types, files) {
  const members = Object.entries(types)
    .map(([type, names]) => `<types>${names.map((n) => `<members>${n}</members>`).join("")}<name>${type}</name></types>`)
    .join("");
  const all = {
    "package.xml": `<Package xmlns="http://soap.sforce.com/2006/04/metadata">${members}<version>${version}</version></Package>`,
    ...files,
  };
  return Buffer.from(zipSync(Object.fromEntries(Object.entries(all).map(([path, text]) => [path, strToU8(text)]))));
}

const statusFile = (label, ...channel) =>
  `<ServicePresenceStatus xmlns="http://soap.sforce.com/2006/04/metadata">` +
  (channel.length ? `<channels>${channel.map((c) => `<channel>${c}</channel>`).join("")}</channels>` : "") +
  `<label>${label}</label></ServicePresenceStatus>`;

/** suite runs every check with one library; names keep the libraries apart. */
async function suite(library, lib) {
  const on = (name, work) => check(`${library}: ${name}`, work);
  const connect = (more = {}) => {
    const conn = new lib.Connection({ instanceUrl, version, oauth2: app, ...more });
    conn.metadata.pollInterval = 10;
    return conn;
  };
  const signIn = async (conn) => {
    await conn.authorize({ grant_type: "client_credentials" });
    return conn;
  };
  const conn = connect();

  await signInChecks(on, lib, conn, connect, signIn);
  if (!conn.accessToken) return; // nothing below can hold
  await queryChecks(on, lib, conn);
  await describeChecks(on, conn);
  await recordChecks(on, conn);
  await toolingChecks(on, conn);
  await componentChecks(on, conn);
  await deployChecks(on, conn);
  await faultChecks(on, conn);
  await sessionChecks(on, conn, connect, signIn);
}

async function signInChecks(on, lib, conn, connect, signIn) {
  await on("versions without sign-in", async () => {
    const list = await conn.request({ method: "GET", url: "/services/data" });
    assert.equal(list.at(-1).version, version);
  });
  await on("client credentials", async () => {
    await signIn(conn);
    assert.equal(conn.instanceUrl, instanceUrl);
    assert.equal(conn.userInfo.organizationId.slice(0, 15), organizationId);
  });
  await on("wrong secret", async () => {
    const wrong = connect({ oauth2: { ...app, clientSecret: "wrong" } });
    await refused(signIn(wrong), "invalid_client");
  });
  await on("identity", async () => {
    const me = await conn.identity();
    assert.equal(me.username, "lockstep@acme.example");
    assert.equal(me.organization_id.slice(0, 15), organizationId);
    assert.equal(me.user_id, conn.userInfo.id);
  });
  await on("SOAP login is off by default", async () => {
    const old = new lib.Connection({ loginUrl: instanceUrl, version: "64.0" });
    await assert.rejects(old.login("admin@acme.example", "any"), /INVALID_OPERATION: .*disabled by default/);
  });
  await on("SOAP login is gone at 65.0", async () => {
    const old = new lib.Connection({ loginUrl: instanceUrl, version: "65.0" });
    await assert.rejects(old.login("admin@acme.example", "any"), /No operation available/);
  });
  await on("an address with a slash at its end", async () => {
    const slashed = connect({ instanceUrl: instanceUrl + "/", accessToken: conn.accessToken });
    assert.equal((await slashed.query("SELECT Id FROM Organization")).totalSize, 1);
    assert.ok((await slashed.metadata.describe()).metadataObjects.length > 5);
  });
}

async function queryChecks(on, lib, conn) {
  await on("query", async () => {
    const found = await conn.query("SELECT Id, Name, IsSandbox, TrialExpirationDate FROM Organization LIMIT 1");
    assert.equal(found.totalSize, 1);
    assert.equal(found.done, true);
    const [org] = found.records;
    assert.equal(org.attributes.type, "Organization");
    assert.equal(org.attributes.url, `/services/data/v${version}/sobjects/Organization/${org.Id}`);
    assert.equal(org.Id.length, 18);
    assert.equal(org.Name, "Acme");
    assert.equal(org.IsSandbox, false);
    assert.equal(org.TrialExpirationDate, null);
  });
  await on("query through relationships", async () => {
    const up = await conn.query("SELECT Name, Profile.Name FROM User WHERE Username = 'ana.lopez@acme.example'");
    assert.equal(up.records[0].Profile.Name, "Support Agent");
    const down = await conn.query(
      "SELECT DeveloperName, (SELECT ServiceChannel.DeveloperName FROM ServiceChannelStatuses) FROM ServicePresenceStatus ORDER BY DeveloperName",
    );
    const [cases, away] = down.records;
    assert.equal(cases.DeveloperName, "Available_Cases");
    assert.equal(cases.ServiceChannelStatuses.records[0].ServiceChannel.DeveloperName, "Cases");
    assert.equal(away.ServiceChannelStatuses, null);
  });
  await on("find with conditions, order and limit", async () => {
    const soon = lib.SfDate.toDateTimeLiteral(new Date(Date.now() + 60_000));
    const rows = await conn
      .sobject("User")
      .find({ Email: { $like: "%.o%@acme.example" }, IsActive: true, CreatedDate: { $lte: soon } }, "Id, Name")
      .sort({ Name: 1 })
      .limit(2);
    assert.deepEqual(rows.map((r) => r.Name), ["Ben Okafor", "Erik Olsen"]);
  });
  await on("count", async () => {
    assert.equal(await conn.sobject("ServiceChannel").count(), 3);
  });
  await on("limits and their header", async () => {
    const before = conn.limitInfo.apiUsage.used;
    const { DailyApiRequests } = await conn.limits();
    assert.ok(DailyApiRequests.Remaining < DailyApiRequests.Max);
    assert.deepEqual(conn.limitInfo.apiUsage, { used: before + 1, limit: DailyApiRequests.Max });
  });
  await on("unknown field", () => refused(conn.query("SELECT Nope FROM User"), "INVALID_FIELD", /Nope/));
  await on("unknown sObject", () => refused(conn.query("SELECT Id FROM Nope"), "INVALID_TYPE", /Nope/));
  await on("malformed query", () => refused(conn.query("SELEKT Id FROM User"), "MALFORMED_QUERY"));
  await on("unknown resource", () => refused(conn.request("/nope"), "NOT_FOUND"));
}

async function describeChecks(on, conn) {
  await on("describeGlobal", async () => {
    const { sobjects } = await conn.describeGlobal();
    const status = sobjects.find((s) => s.name === "ServicePresenceStatus");
    assert.equal(status.keyPrefix, "0N5");
    assert.equal(status.deletable, false);
  });
  await on("describe", async () => {
    const about = await conn.sobject("UserServicePresence").describe();
    assert.equal(about.createable, false);
    const status = about.fields.find((f) => f.name === "ServicePresenceStatusId");
    assert.deepEqual(status.referenceTo, ["ServicePresenceStatus"]);
    assert.equal(status.relationshipName, "ServicePresenceStatus");
  });
  await on("describe of an unknown sObject", () => refused(conn.describe("Nope"), "NOT_FOUND"));
}

async function recordChecks(on, conn) {
  const sets = conn.sobject("PermissionSet");
  let id;
  await on("create a record", async () => {
    const made = await sets.create({ Name: "Client_Check", Label: "Client's check" });
    assert.equal(made.success, true);
    id = made.id;
    assert.match(id, /^0PS.{15}$/);
  });
  await on("create it twice", () => refused(sets.create({ Name: "Client_Check", Label: "Again" }), "DUPLICATE_DEVELOPER_NAME"));
  await on("create without a required field", () => refused(sets.create({ Label: "No name" }), "REQUIRED_FIELD_MISSING", /Name/));
  await on("update and retrieve it, by the short Id too", async () => {
    assert.deepEqual(await sets.update({ Id: id, Label: "Ünïcode & <markup>" }), { id, success: true, errors: [] });
    assert.equal((await sets.retrieve(id.slice(0, 15))).Label, "Ünïcode & <markup>");
    const [found] = await sets.find({ Label: "Ünïcode & <markup>" });
    assert.equal(found.Id, id);
  });
  await on("what may not be updated", () =>
    refused(sets.update({ Id: id, IsOwnedByProfile: true }), "INVALID_FIELD_FOR_INSERT_UPDATE", /IsOwnedByProfile/));
  await on("delete it", async () => {
    assert.equal((await sets.destroy(id)).success, true);
    await refused(sets.retrieve(id), "NOT_FOUND");
    await refused(sets.destroy(id), "NOT_FOUND");
  });
  await on("presence has no create", () =>
    refused(conn.sobject("UserServicePresence").create({ UserId: conn.userInfo.id }), "INVALID_TYPE_FOR_OPERATION"));

  await on("create many records, 200 a call", async () => {
    const wanted = Array.from({ length: channels }, (_, i) => ({ Name: `/u/client-${String(i).padStart(3, "0")}` }));
    const made = await conn.sobject("StreamingChannel").create(wanted, { allowRecursive: true });
    assert.equal(made.length, channels);
    assert.ok(made.every((row) => row.success));
  });
  await on("many records, one of them refused", async () => {
    const made = await conn.sobject("StreamingChannel").create([{ Name: "/u/client-000" }, { Name: "/u/client-alone" }]);
    assert.deepEqual(made.map((row) => row.success), [false, true]);
    assert.equal(made[0].errors[0].statusCode, "DUPLICATE_VALUE");
  });
  await on("many records, all or none", async () => {
    const made = await conn.sobject("StreamingChannel").create([{ Name: "/u/client-000" }, { Name: "/u/client-none" }], { allOrNone: true });
    assert.deepEqual(made.map((row) => row.errors[0].statusCode), ["DUPLICATE_VALUE", "ALL_OR_NONE_OPERATION_ROLLED_BACK"]);
    assert.equal(await conn.sobject("StreamingChannel").count({ Name: "/u/client-none" }), 0);
  });
  await on("query in pages and queryMore", async () => {
    const headers = { "Sforce-Query-Options": "batchSize=200" };
    let page = await conn.query("SELECT Id, Name FROM StreamingChannel WHERE Name LIKE '/u/client-%' ORDER BY Name", { headers });
    assert.equal(page.totalSize, channels + 1);
    assert.equal(page.done, false);
    const rows = [...page.records];
    const sizes = [rows.length];
    while (!page.done) {
      page = await conn.queryMore(page.nextRecordsUrl);
      rows.push(...page.records);
      sizes.push(page.records.length);
    }
    assert.deepEqual(sizes, [200, 200, 51]);
    assert.equal(new Set(rows.map((r) => r.Id)).size, channels + 1);
  });
  await on("query that fetches its pages itself", async () => {
    const query = conn.query("SELECT Id FROM StreamingChannel WHERE Name LIKE '/u/client-%'", { headers: { "Sforce-Query-Options": "batchSize=200" } });
    const found = await query.run({ autoFetch: true, maxFetch: 1000 });
    assert.equal(found.totalSize, channels + 1);
  });
  await on("a locator that nobody gave", () => refused(conn.queryMore("01g000000000000AAA-200"), "INVALID_QUERY_LOCATOR"));
  await on("push to a user without a console", async () => {
    const [channel] = await conn.sobject("StreamingChannel").find({ Name: "/u/client-alone" });
    const url = `/sobjects/StreamingChannel/${channel.Id}/push`;
    const [told] = await conn.requestPost(url, { pushEvents: [{ payload: "hello", userIds: [conn.userInfo.id] }] });
    assert.deepEqual(told, { fanoutCount: 0, userOnlineStatus: { [conn.userInfo.id]: false } });
  });
  await on("retrieve many records", async () => {
    const found = await conn.sobject("StreamingChannel").find({ Name: { $like: "/u/client-00%" } }, "Id").sort("Name");
    const rows = await conn.sobject("StreamingChannel").retrieve(found.map((r) => r.Id));
    assert.equal(rows.length, 10);
    assert.equal(rows[3].Name, "/u/client-003");
  });
  await on("delete many records", async () => {
    const found = await conn.sobject("StreamingChannel").find({ Name: { $like: "/u/client-%" } }, "Id").execute({ maxFetch: 1000 });
    const gone = await conn.sobject("StreamingChannel").destroy(found.map((r) => r.Id), { allowRecursive: true });
    assert.equal(gone.filter((row) => row.success).length, channels + 1);
    assert.equal(await conn.sobject("StreamingChannel").count({ Name: { $like: "/u/client-%" } }), 0);
  });
  await on("composite", async () => {
    const base = `/services/data/v${version}`;
    const answer = await conn.requestPost("/composite", {
      allOrNone: false,
      compositeRequest: [
        { method: "GET", referenceId: "org", url: `${base}/query?q=${encodeURIComponent("SELECT Id FROM Organization")}` },
        { method: "GET", referenceId: "nope", url: `${base}/sobjects/User/005000000000000AAA` },
      ],
    });
    assert.deepEqual(answer.compositeResponse.map((r) => r.httpStatusCode), [200, 404]);
    assert.equal(answer.compositeResponse[1].body[0].errorCode, "NOT_FOUND");
  });
}

async function toolingChecks(on, conn) {
  await on("tooling query", async () => {
    const found = await conn.tooling.query("SELECT Id, SubscriberPackage.Name, SubscriberPackage.NamespacePrefix FROM InstalledSubscriberPackage");
    assert.equal(found.records[0].SubscriberPackage.Name, "CXone Agent for Salesforce");
  });
  await on("tooling describe", async () => {
    const { sobjects } = await conn.tooling.describeGlobal();
    assert.ok(sobjects.some((s) => s.name === "PlatformEventChannelMember"));
    const about = await conn.tooling.sobject("ServicePresenceStatus").describe();
    assert.equal(about.deletable, false);
  });
  await on("tooling create, update and delete", async () => {
    const statuses = conn.tooling.sobject("PlatformEventChannel");
    const made = await statuses.create({ FullName: "Client_Check__chn", Metadata: { channelType: "data", label: "Client check" } });
    assert.equal(made.success, true);
    assert.equal((await statuses.retrieve(made.id)).MasterLabel, "Client check");
    await statuses.update({ Id: made.id, FullName: "Client_Check__chn", Metadata: { channelType: "data", label: "Renamed" } });
    assert.equal((await statuses.retrieve(made.id)).MasterLabel, "Renamed");
    assert.equal((await statuses.destroy(made.id)).success, true);
  });
  await on("tooling objects are not in the data API", () => refused(conn.query("SELECT Id FROM InstalledSubscriberPackage"), "INVALID_TYPE"));
}

async function componentChecks(on, conn) {
  const meta = conn.metadata;
  const type = "ServicePresenceStatus";
  await on("metadata describe", async () => {
    const about = await meta.describe(version);
    const status = about.metadataObjects.find((o) => o.xmlName === type);
    assert.deepEqual([status.directoryName, status.suffix, status.inFolder], ["servicePresenceStatuses", "servicePresenceStatus", false]);
    assert.equal(about.partialSaveAllowed, true);
  });
  await on("metadata list", async () => {
    const list = await meta.list([{ type }, { type: "Profile" }], version);
    const away = list.find((p) => p.type === type && p.fullName === "Away");
    assert.equal(away.fileName, "servicePresenceStatuses/Away.servicePresenceStatus");
    assert.match(away.id, /^0N5.{15}$/);
    assert.ok(list.some((p) => p.type === "Profile" && p.fullName === "Admin"));
    assert.ok(list.some((p) => p.type === "Profile" && p.fullName === "Custom%3A Support Profile"));
  });
  await on("metadata read", async () => {
    const [cases, away] = await meta.read(type, ["Available_Cases", "Away"]);
    assert.equal(cases.label, "Available - Cases");
    assert.deepEqual([cases.channels.channel].flat(), ["Cases"]);
    assert.equal(away.channels ?? undefined, undefined);
  });
  await on("metadata read of what is not there", async () => {
    const none = await meta.read(type, "Nope");
    assert.equal(none.fullName ?? undefined, undefined);
  });
  await on("metadata create", async () => {
    const made = await meta.create(type, { fullName: "Client_Lunch", label: "Lunch & more" });
    assert.deepEqual([made.success, made.fullName], [true, "Client_Lunch"]);
    assert.equal((await meta.read(type, "Client_Lunch")).label, "Lunch & more");
    const again = await meta.create(type, { fullName: "Client_Lunch", label: "Lunch" });
    assert.equal(again.success, false);
    assert.equal(again.errors[0].statusCode, "DUPLICATE_DEVELOPER_NAME");
  });
  await on("metadata upsert tells create from update", async () => {
    const made = await meta.upsert(type, [
      { fullName: "Client_Lunch", label: "Lunch" },
      { fullName: "Client_Chat", label: "Chat", channels: { channel: ["Cases", "sfdc_livemessage"] } },
    ]);
    assert.deepEqual(made.map((r) => [r.fullName, r.created, r.success]), [["Client_Lunch", false, true], ["Client_Chat", true, true]]);
    assert.deepEqual((await meta.read(type, "Client_Chat")).channels.channel, ["Cases", "sfdc_livemessage"]);
  });
  await on("metadata update with one that is wrong", async () => {
    const made = await meta.update(type, [
      { fullName: "Client_Lunch", label: "Late lunch" },
      { fullName: "Client_Chat", label: "Chat", channels: { channel: ["nope"] } },
    ]);
    assert.deepEqual(made.map((r) => r.success), [true, false]);
    assert.match(made[1].errors[0].message, /Value 'nope' is not valid/);
  });
  await on("metadata rename and delete", async () => {
    assert.equal((await meta.rename(type, "Client_Lunch", "Client_Late_Lunch")).success, true);
    const gone = await meta.delete(type, ["Client_Late_Lunch", "Client_Chat"]);
    assert.deepEqual(gone.map((r) => r.success), [true, true]);
    assert.equal(await conn.sobject(type).count({ DeveloperName: { $like: "Client_%" } }), 0);
  });
  await on("metadata takes ten components a call", async () => {
    const many = Array.from({ length: 11 }, (_, i) => ({ fullName: `Client_${i}`, label: `${i}` }));
    await refused(meta.create(type, many), "sf:EXCEEDED_ID_LIMIT", /more than 10 records/);
  });
  await on("metadata of an unknown type", () => refused(meta.list([{ type: "Nope" }]), "sf:INVALID_TYPE"));
  await on("connected apps cannot be created", async () => {
    const made = await meta.create("ConnectedApp", {
      fullName: "Client_App", label: "App", contactEmail: "crm@acme.example",
      oauthConfig: { callbackUrl: "https://callback.acme.example/oauth", scopes: ["Api"] },
    });
    assert.equal(made.success, false);
    assert.match(made.errors[0].message, /You can't create a connected app/);
  });
}

async function deployChecks(on, conn) {
  const meta = conn.metadata;
  const one = archive({ ServicePresenceStatus: ["Client_Deployed"] }, {
    "servicePresenceStatuses/Client_Deployed.servicePresenceStatus": statusFile("Deployed", "Cases"),
  });
  const count = () => conn.sobject("ServicePresenceStatus").count({ DeveloperName: "Client_Deployed" });

  let validated;
  await on("deploy that only checks", async () => {
    const result = await meta.deploy(one, { checkOnly: true, rollbackOnError: true, singlePackage: true }).complete(true);
    assert.deepEqual([result.status, result.success, result.checkOnly, result.numberComponentsDeployed], ["Succeeded", true, true, 1]);
    assert.equal(await count(), 0);
    validated = result.id;
  });
  await on("deploy what was validated", async () => {
    const id = await meta.deployRecentValidation({ id: validated });
    let result;
    do result = await meta.checkDeployStatus(id, true); while (!result.done);
    assert.equal(result.status, "Succeeded");
    assert.equal(await count(), 1);
  });
  await on("deploy of the same again changes nothing", async () => {
    const result = await meta.deploy(one, { rollbackOnError: true, singlePackage: true }).complete(true);
    const row = [result.details.componentSuccesses].flat().find((m) => m.fullName === "Client_Deployed");
    assert.deepEqual([row.componentType, String(row.changed), String(row.created)], ["ServicePresenceStatus", "false", "false"]);
  });
  await on("deploy with an error, rolled back", async () => {
    const both = archive({ ServicePresenceStatus: ["Client_Good", "Client_Bad"] }, {
      "servicePresenceStatuses/Client_Good.servicePresenceStatus": statusFile("Good"),
      "servicePresenceStatuses/Client_Bad.servicePresenceStatus": statusFile("Bad", "nope"),
    });
    const result = await meta.deploy(both, { rollbackOnError: true, singlePackage: true }).complete(true);
    assert.deepEqual([result.status, result.success, result.numberComponentErrors], ["Failed", false, 1]);
    const [failure] = [result.details.componentFailures].flat();
    assert.equal(failure.fullName, "Client_Bad");
    assert.match(failure.problem, /'nope' is not valid/);
    assert.equal(await conn.sobject("ServicePresenceStatus").count({ DeveloperName: "Client_Good" }), 0);
  });
  await on("deploy over REST, access of a profile", async () => {
    const access = (enabled) =>
      `<Profile xmlns="http://soap.sforce.com/2006/04/metadata"><servicePresenceStatusAccesses><enabled>${enabled}</enabled>` +
      `<servicePresenceStatus>Client_Deployed</servicePresenceStatus></servicePresenceStatusAccesses></Profile>`;
    const granted = async () => {
      const profile = await meta.read("Profile", "Sales Agent");
      const rows = [profile.servicePresenceStatusAccesses ?? []].flat();
      return rows.find((a) => a.servicePresenceStatus === "Client_Deployed" && String(a.enabled) === "true") !== undefined;
    };
    for (const enabled of [true, false]) {
      const zip = archive({ Profile: ["Sales Agent"] }, { "profiles/Sales Agent.profile": access(enabled) });
      const { id } = await meta.deployRest(zip, { rollbackOnError: true, singlePackage: true });
      let result;
      do result = await meta.checkDeployStatus(id, true, true); while (!result.done);
      assert.equal(result.status, "Succeeded", JSON.stringify(result.details.componentFailures));
      assert.equal(await granted(), enabled);
    }
  });
  await on("retrieve", async () => {
    const result = await meta.retrieve({
      apiVersion: version, singlePackage: true,
      unpackaged: { types: [{ members: ["Client_Deployed", "Away"], name: "ServicePresenceStatus" }], version },
    }).complete();
    assert.equal(result.status, "Succeeded");
    const files = unzipSync(Buffer.from(result.zipFile, "base64"));
    const text = (path) => strFromU8(files[Object.keys(files).find((name) => name.endsWith(path))]);
    assert.match(text("servicePresenceStatuses/Client_Deployed.servicePresenceStatus"), /<channel>Cases<\/channel>/);
    assert.match(text("package.xml"), /<members>Client_Deployed<\/members>/);
  });
  await on("cancel a deploy", async () => {
    const { id } = await meta.deploy(one, { rollbackOnError: true, singlePackage: true });
    assert.equal((await meta.cancelDeploy(id)).id, id);
    let result;
    do result = await meta.checkDeployStatus(id); while (!result.done);
    assert.equal(result.status, "Canceled");
  });
  await on("deploy that deletes", async () => {
    const destructive = archive({}, {
      "destructiveChanges.xml": `<Package xmlns="http://soap.sforce.com/2006/04/metadata"><types><members>Client_Deployed</members><name>ServicePresenceStatus</name></types></Package>`,
    });
    const result = await meta.deploy(destructive, { rollbackOnError: true, singlePackage: true }).complete(true);
    assert.equal(result.status, "Succeeded", JSON.stringify(result.details));
    assert.equal(await count(), 0);
  });
}

// The emulator's faults have the vendor's shapes: the libraries' own handling of
// them must set in.
async function faultChecks(on, conn) {
  const fault = async (more) => {
    const answer = await fetch(`${instanceUrl}/_emulator/faults`, { method: "POST", body: JSON.stringify({ vendor: "salesforce", ...more }) });
    assert.equal(answer.status, 200, await answer.text());
  };
  const ask = () => conn.query("SELECT Id FROM Organization");
  await on("a read that met 503 is repeated", async () => {
    await fault({ path: "/services/data/*/query", kind: "unavailable" });
    assert.equal((await ask()).totalSize, 1);
  });
  await on("the day's calls are used up", async () => {
    await fault({ path: "/services/data/*/query", kind: "daily-limit" });
    await refused(ask(), "REQUEST_LIMIT_EXCEEDED", /^TotalRequests Limit exceeded/);
  });
  await on("too many calls at once, over SOAP", async () => {
    await fault({ contains: "listMetadata", kind: "concurrency" });
    await refused(conn.metadata.list([{ type: "Profile" }]), "sf:REQUEST_LIMIT_EXCEEDED", /ConcurrentRequests/);
  });
  await on("a locked row", async () => {
    await fault({ method: "POST", path: "/services/data/*/sobjects/PermissionSet", kind: "locked-row" });
    await refused(conn.sobject("PermissionSet").create({ Name: "Client_Locked", Label: "Locked" }), "UNABLE_TO_LOCK_ROW");
    assert.equal(await conn.sobject("PermissionSet").count({ Name: "Client_Locked" }), 0);
  });
}

async function sessionChecks(on, conn, connect, signIn) {
  const plain = (accessToken) => connect({ oauth2: undefined, accessToken });
  await on("bad session over REST", () => refused(plain("bad").query("SELECT Id FROM User"), "INVALID_SESSION_ID"));
  await on("bad session over SOAP", () => refused(plain("bad").metadata.describe(), "sf:INVALID_SESSION_ID"));
  await on("session refreshed on the way", async () => {
    let refreshes = 0;
    const refreshFn = (stale, done) => {
      refreshes++;
      signIn(connect()).then((fresh) => done(null, fresh.accessToken), done);
    };
    const rest = connect({ accessToken: "bad", refreshFn });
    assert.equal((await rest.query("SELECT Id FROM Organization")).totalSize, 1);
    const soap = connect({ accessToken: "bad", refreshFn });
    assert.ok((await soap.metadata.list([{ type: "Profile" }])).length >= 6);
    assert.equal(refreshes, 2);
  });
  await on("logout revokes the token", async () => {
    const token = conn.accessToken;
    await conn.logout();
    await refused(plain(token).query("SELECT Id FROM User"), "INVALID_SESSION_ID");
  });
}

await suite("jsforce", jsforce);
await suite("jsforce-node", jsforceNode);
finish();
