// The pool of prepared proofs in Chromium: proofs are taken once and stored sealed, and the pool begins anew after the
// browser evicted it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, pageOf } from "./browser.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** Opens a page with a prover, a pool of this name, and this many proofs of `purpose` in it. */
async function poolOf(context, name, proofs, options = {}) {
  const { page, troubles } = await pageOf(context, browser, {});
  context.after(() => assert.deepEqual(troubles, []));
  await page.evaluate(
    async ({ name, proofs, options }) => {
      const { Prover, ProofPool } = globalThis.velum;
      const { document, request } = globalThis.licence;
      const prover = new Prover();
      const pool = new ProofPool({ name, ...options });
      const prepare = () => prover.prepare({ document, request });
      Object.assign(globalThis, { prover, pool, prepare, purpose: await prover.purpose({ document, request }) });
      // One proof, stored as often as needed, because the pool is what is tested.
      const bytes = (await prepare()).toBytes();
      globalThis.copy = () => prover.readPrepared(bytes);
      for (let proof = 0; proof < proofs; proof += 1) await pool.put(await globalThis.copy());
    },
    { name, proofs, options },
  );
  return page;
}

/** The code with which a call on the page rejects. */
const codeOf = (page, call) =>
  page.evaluate(`(${call})().then(() => "resolved", ({ name, code }) => name + " " + code)`);

test("a proof that was taken answers, and the pool is empty", async (context) => {
  const page = await poolOf(context, "one", 1);
  const outcome = await page.evaluate(async () => {
    const { prover, pool, purpose, licence } = globalThis;
    const before = await pool.count(purpose);
    const prepared = await pool.take(purpose);
    const { document, transcript, request } = licence;
    const presentation = await prover.present({ prepared, document, transcript, request, clock: "any" });
    const { learnt } = await prover.verify({ presentation, transcript, request });
    const about = [prepared.docType, prepared.preparedFor.toISOString(), prepared.purpose.document];
    return { before, after: await pool.count(purpose), again: await pool.take(purpose), learnt, about, purpose };
  });
  assert.deepEqual([outcome.before, outcome.after, outcome.again], [1, 0, undefined]);
  assert.match(outcome.learnt[0], /18 years or older/u);
  assert.equal(outcome.about[0], "org.iso.18013.5.1.mDL");
  assert.equal(outcome.about[2], outcome.purpose.document);
});

test("two tabs that take at once never get the same proof", async (context) => {
  const PROOFS = 8;
  const page = await poolOf(context, "tabs", PROOFS);
  const other = await page.context().newPage();
  await other.goto(page.url());
  await other.waitForFunction(() => "velum" in globalThis);
  const purpose = await page.evaluate(() => globalThis.purpose);
  const take = (tab) =>
    tab.evaluate(
      async ({ purpose, times }) => {
        const pool = new globalThis.velum.ProofPool({ name: "tabs" });
        const taken = await Promise.all(Array.from({ length: times }, () => pool.take(purpose)));
        return taken.filter((prepared) => prepared !== undefined).length;
      },
      { purpose, times: PROOFS },
    );
  const [here, there] = await Promise.all([take(page), take(other)]);
  assert.equal(here + there, PROOFS);
  assert.equal(await take(other), 0);
});

test("a pool that is full gives the proof back, and what is swept is gone", async (context) => {
  const page = await poolOf(context, "full", 1, { entries: 1 });
  const outcome = await page.evaluate(async () => {
    const { pool, purpose, copy } = globalThis;
    const prepared = await copy();
    const code = await pool.put(prepared).catch((error) => error.code);
    const kept = await pool.sweep([purpose.document]);
    const dropped = await pool.sweep([]);
    await pool.put(prepared);
    return { code, used: prepared.used, kept, dropped: dropped.map(({ why }) => why), cleared: await pool.clear() };
  });
  assert.deepEqual(outcome, {
    code: "pool_full",
    used: true,
    kept: [],
    dropped: ["made for a document that is no longer held, or in another format"],
    cleared: 1,
  });
});

test("a pool is filled up to what is wanted, and by one tab at a time", async (context) => {
  const page = await poolOf(context, "fill", 0);
  const outcome = await page.evaluate(async () => {
    const { pool, purpose, copy, velum } = globalThis;
    let [made, running, most] = [0, 0, 0];
    const prepare = async () => {
      [made, running] = [made + 1, running + 1];
      most = Math.max(most, running);
      const prepared = await copy();
      running -= 1;
      return prepared;
    };
    const other = new velum.ProofPool({ name: "fill" });
    const added = await Promise.all([pool.fill(purpose, 2, prepare), other.fill(purpose, 3, prepare)]);
    const aborted = await pool
      .fill(purpose, 9, prepare, { signal: AbortSignal.abort("why") })
      .catch(({ code, cause }) => [code, cause]);
    // A proof of another purpose is of no use for the purpose that is asked for.
    const larger = { ...purpose, size_class: "large" };
    const mismatch = await pool.fill(larger, 1, prepare).catch(({ code }) => code);
    return { added: added[0] + added[1], made, most, aborted, mismatch, count: await pool.count(purpose) };
  });
  assert.deepEqual(outcome, {
    ...{ added: 3, made: 4, most: 1, count: 3 },
    ...{ aborted: ["cancelled", "why"], mismatch: "prepared_mismatch" },
  });
});

/**
 * Reads or changes the database of a pool behind its back. The code is sent as text, because the page's policy allows
 * no code that is made on the page.
 */
const behind = (page, name, work) =>
  page.evaluate(`(async () => {
    const result = (request) =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const database = await result(indexedDB.open(${JSON.stringify(name)}));
    const transaction = database.transaction(["keys", "entries"], "readwrite");
    const [keys, entries] = ["keys", "entries"].map((store) => transaction.objectStore(store));
    const made = await (${work})(result, keys, entries);
    database.close();
    return made;
  })()`);

test("proofs lie sealed, under a key that no script can read", async (context) => {
  const page = await poolOf(context, "sealed", 1);
  const { extractable, usages, text, bytes } = await behind(page, "sealed", async (result, keys, entries) => {
    const [[key], [entry]] = [await result(keys.getAll()), await result(entries.getAll())];
    const { extractable, usages } = key;
    return { extractable, usages, bytes: entry.length, text: new TextDecoder("latin1").decode(entry) };
  });
  assert.deepEqual([extractable, usages], [false, ["encrypt", "decrypt"]]);
  assert.ok(bytes > 100_000);
  assert.doesNotMatch(text, /velum prepared|birth_date|org\.iso/u);
});

test("an entry that was changed is dropped, and the next is taken", async (context) => {
  const page = await poolOf(context, "changed", 2);
  await behind(page, "changed", async (result, keys, entries) => {
    const [name] = await result(entries.getAllKeys());
    const entry = await result(entries.get(name));
    entry[entry.length >> 1] ^= 1;
    await result(entries.put(entry, name));
  });
  const taken = await page.evaluate(async () => {
    const { pool, purpose } = globalThis;
    return [(await pool.take(purpose))?.used, await pool.count(purpose)];
  });
  assert.deepEqual(taken, [false, 0]);
});

test("a pool that the browser evicted begins anew", async (context) => {
  const page = await poolOf(context, "evicted", 2);
  const counts = await page.evaluate(async () => {
    const { pool, purpose, copy } = globalThis;
    const gone = new Promise((resolve, reject) => {
      const deleting = indexedDB.deleteDatabase("evicted");
      deleting.onsuccess = resolve;
      deleting.onerror = () => reject(deleting.error);
    });
    await gone;
    const empty = await pool.count(purpose);
    await pool.put(await copy());
    return [empty, await pool.count(purpose), (await pool.take(purpose))?.used];
  });
  assert.deepEqual(counts, [0, 1, false]);
});

test("what is no pool, no proof and no purpose is refused", async (context) => {
  const page = await poolOf(context, "refused", 0);
  const malformed = "VelumError malformed";
  assert.equal(await codeOf(page, "async () => new velum.ProofPool({ size: 3 })"), malformed);
  assert.equal(await codeOf(page, "async () => new velum.ProofPool({ entries: -1 })"), malformed);
  assert.equal(await codeOf(page, "() => pool.put(new Uint8Array(3))"), malformed);
  assert.equal(await codeOf(page, "() => pool.take({})"), malformed);
  assert.equal(await codeOf(page, "() => pool.take({ ...purpose, suite_version: 99 })"), "VelumError wrong_version");
  assert.equal(await codeOf(page, '() => pool.sweep(["00"])'), malformed);
  const used = "async () => { const proof = await copy(); await pool.put(proof); await pool.put(proof); }";
  assert.equal(await codeOf(page, used), "VelumError prepared_used");
});

test("a place that stores nothing is told of", async (context) => {
  const page = await poolOf(context, "nowhere", 0);
  const code = await page.evaluate(async () => {
    Object.defineProperty(globalThis, "indexedDB", { value: undefined });
    const pool = new globalThis.velum.ProofPool({ name: "elsewhere" });
    return pool.clear().catch((error) => error.code);
  });
  assert.equal(code, "store_failed");
});
