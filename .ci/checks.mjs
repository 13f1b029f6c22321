// One check after the other, and the count at the end.
let passed = 0;
let failed = 0;

export async function check(name, work) {
  try {
    await work();
    passed++;
    console.log(`ok ${name}`);
  } catch (err) {
    fail(`${name}\n  ${String(err?.stack ?? err).replaceAll("\n", "\n  ")}`);
  }
}

export function fail(why) {
  failed++;
  console.log(`not ok ${why}`);
}

export function finish() {
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed === 0 && passed > 0 ? 0 : 1);
}

// What a library throws where nobody waits for it is a failure like any other;
// one that waits for ever must not keep the gate waiting.
process.on("unhandledRejection", (err) => fail(`unhandled: ${err?.message ?? err}`));
process.on("uncaughtException", (err) => fail(`uncaught: ${err?.message ?? err}`));
setTimeout(() => {
  fail("still waiting after a minute");
  finish();
}, 60_000).unref();
