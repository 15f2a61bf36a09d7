// What the server accepts and what it refuses. Run it with `node --test`.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { application } from "./server.js";
import { answer, issue } from "./wallet.js";

const ORIGIN = "https://verifier.example";

let licence;
before(async () => {
  licence = await issue();
});

/** Serves the application, and returns the calls that a page makes. */
async function served(options) {
  const app = application({ origin: ORIGIN, issuers: licence.issuers, ...options });
  const server = app.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  after(() => server.close());
  const address = `http://127.0.0.1:${server.address().port}`;
  const read = async (response) => ({ status: response.status, ...(await response.json()) });
  return {
    ask: async () => read(await fetch(`${address}/request`)),
    post: async (nonce, body) => {
      const headers = { "Content-Type": "application/octet-stream" };
      return read(await fetch(`${address}/answer/${nonce}`, { method: "POST", headers, body }));
    },
  };
}

test("an answer is taken once", async () => {
  const { ask, post } = await served();
  const asked = await ask();
  const presentation = await answer(licence, { origin: ORIGIN, ...asked });
  assert.ok(presentation.length > 100_000);
  const { status, learnt } = await post(asked.nonce, presentation);
  assert.equal(status, 200);
  assert.ok(learnt.includes("birth_date (org.iso.18013.5.1) makes the holder 18 years or older"));
  assert.deepEqual(await post(asked.nonce, presentation), { status: 410, code: "nonce" });
  // It does not answer another nonce either. About that, the server can only say that the proof does not hold.
  const other = await ask();
  assert.deepEqual(await post(other.nonce, presentation), { status: 422, code: "proof_invalid" });
  assert.deepEqual(await post(other.nonce, presentation), { status: 410, code: "nonce" });
});

test("an answer for another origin does not hold", async () => {
  const { ask, post } = await served();
  const asked = await ask();
  const presentation = await answer(licence, { origin: "https://other.example", ...asked });
  assert.deepEqual(await post(asked.nonce, presentation), { status: 422, code: "proof_invalid" });
});

test("a nonce that is not the server's, or is too old, is refused", async () => {
  const { ask, post } = await served({ lifetimeMs: 0 });
  const bytes = new Uint8Array(400_000);
  assert.equal((await post("AAAAAAAAAAAAAAAAAAAAAA", bytes)).status, 410);
  assert.equal((await post((await ask()).nonce, bytes)).status, 410);
});

test("what is no presentation uses the nonce up", async () => {
  const { ask, post } = await served();
  const { nonce } = await ask();
  assert.deepEqual(await post(nonce, new Uint8Array(400_000)), { status: 422, code: "malformed" });
  assert.equal((await post(nonce, new Uint8Array(400_000))).status, 410);
});

test("no more nonces are held than that", async () => {
  const { ask } = await served({ mostPending: 2 });
  const statuses = [(await ask()).status, (await ask()).status, (await ask()).status];
  assert.deepEqual(statuses, [200, 200, 503]);
});
