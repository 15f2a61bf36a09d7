// Hands presentations to markets: to running nodes of the command that `VELUM_MARKET` names, whose provider folds them.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { Prover } from "@velum/prover";
import { MarketClient, MarketError } from "@velum/prover/market";
import { ReceiptVerifier } from "@velum/prover/receipt";

import { freeAddress, MarketNode } from "./market-node.mjs";
import { licence, rejects } from "./support.mjs";

const { document, transcript, request } = licence();
const PROFILE = "standard";
const MONEY = 1_000_000;

/** Terms under which a presentation waits for more company than will come. */
const PATIENT = { profile: PROFILE, minimum: 100, maximum: 1000, company: { maxWaitMs: 3_600_000, presentations: 50 } };

let client, prover;
before(() => {
  client = new MarketClient();
  prover = new Prover();
});
after(() => {
  client.dispose();
  prover.dispose();
});

/** A presentation for aggregates. No two have the same statement. */
async function present() {
  const prepared = await prover.prepare({ document, request, suite: "aggregatable" });
  const presentation = await prover.present({ prepared, document, transcript, request, clock: "any" });
  return { presentation: presentation.bytes, transcript, request };
}

/** A presentation that no market takes, however often it is handed in. */
let spare;
const untaken = () => (spare ??= present());

/** A key with money at a market, and the market opened with that key. */
async function funded(node) {
  const key = MarketClient.generateKey();
  const market = await client.open({ url: node.url, key });
  const { balance } = await market.deposit(MONEY);
  assert.equal(balance, MONEY);
  return { key, market };
}

/** Hands off. Returns the promise of the outcome, and what was reported and saved. */
function handingOff(input, options = {}) {
  const [told, saved] = [[], []];
  const onProgress = (progress) => {
    told.push(progress);
    options.onProgress?.(progress);
  };
  const save = (now) => void saved.push(structuredClone(now));
  return { ended: client.handOff(input, { pollMs: 200, ...options, save, onProgress }), told, saved };
}

/** Resolves once a hand-off has reported such progress. */
async function until(hand, has) {
  while (!hand.told.some(has)) await new Promise((resolve) => void setTimeout(resolve, 20));
}

const stateOf = (state) => (progress) => progress.status?.state === state;

describe("without a market", () => {
  test("what tells too much of its holder is kept back", async () => {
    assert.deepEqual(await client.mayHandOff(request), { allowed: true, reasons: [] });
    const name = { namespace: "org.iso.18013.5.1", element: "family_name" };
    const predicates = [
      { ...name, disclose: true },
      { ...name, element: "given_name", equals: "Erika" },
    ];
    const { allowed, reasons } = await client.mayHandOff({ ...request, predicates });
    assert.equal(allowed, false);
    assert.match(reasons[0], /family_name/u);
    assert.match(reasons[1], /given_name/u);
    await rejects(client.mayHandOff("{"), "malformed");
  });

  test("a market that is away is told", async () => {
    const url = `http://${await freeAddress()}/`;
    const error = await rejects(client.open({ url, key: MarketClient.generateKey() }), "unreachable");
    assert.ok(error instanceof MarketError);
    assert.equal(error.market, url);
  });

  test("what is given is looked at", async () => {
    const key = MarketClient.generateKey();
    const [url, id] = ["http://127.0.0.1:9/", "0".repeat(64)];
    await rejects(client.open({ url: "not a url", key }), "malformed");
    await rejects(client.open({ url, key: key.subarray(1) }), "malformed");
    await rejects(client.open({ url, key, id: "another" }), "malformed");
    await rejects(client.open({ url, key }, { signal: AbortSignal.abort() }), "cancelled");
    const market = await client.open({ url, key, id });
    await rejects(market.deposit(-1), "malformed");
    await rejects(market.deposit(0.5), "malformed");
    await rejects(market.status("job"), "malformed");
    await rejects(market.status(id), "unreachable");
    const answered = { presentation: new Uint8Array(9), transcript, request };
    await rejects(client.handOff({ ...answered, markets: [market], offer: PATIENT }), "malformed");
    assert.throws(() => new MarketClient({ wasmUrl: "market.wasm" }), { code: "malformed" });
    // The key is visible nowhere.
    assert.doesNotMatch(
      `${JSON.stringify(market)} ${Object.keys(market)}`,
      new RegExp(Buffer.from(key).toString("hex")),
    );
    assert.deepEqual(Object.keys(market), ["url", "id"]);
  });

  test("after dispose nothing is called", async () => {
    const ended = new MarketClient();
    ended.dispose();
    await rejects(ended.mayHandOff(request), "disposed");
  });
});

describe("at a market whose node runs", () => {
  let node;
  before(async () => {
    node = await MarketNode.start();
  });
  after(() => node.stop());

  test("money is deposited once under its key, and told", async () => {
    const { market, key } = await funded(node);
    assert.match(market.id, /^[0-9a-f]{64}$/u);
    const options = { idempotencyKey: "a deposit of demo money" };
    await market.deposit(5, options);
    await market.deposit(5, options);
    const { balance, owner } = await market.account();
    assert.equal(balance, MONEY + 5);
    assert.equal((await market.deposit(1)).owner, owner);
    const same = await client.open({ url: node.url, key, id: market.id });
    assert.equal((await same.account()).balance, MONEY + 6);
  });

  test("a stopped hand-off is taken back and costs nothing, and quotes and statuses are answered", async () => {
    const { market } = await funded(node);
    const answered = await present();
    const quote = await market.quote({ ...answered, offer: PATIENT });
    assert.ok(quote.floor > 0 && quote.price >= quote.floor, JSON.stringify(quote));

    const controller = new AbortController();
    const hand = handingOff({ ...answered, markets: [market], offer: PATIENT }, { signal: controller.signal });
    await until(hand, stateOf("waiting"));
    assert.equal((await market.account()).balance, MONEY - PATIENT.maximum);
    const [{ job }] = hand.told;
    assert.equal((await market.status(job)).state, "waiting");
    await rejects(market.receipt(job), "no_receipt");
    controller.abort("enough");
    assert.equal((await rejects(hand.ended, "cancelled")).cause, "enough");
    assert.equal((await market.status(job)).state, "cancelled");
    assert.equal((await market.account()).balance, MONEY);
    assert.deepEqual([...new Set(hand.saved.map(({ at }) => at.step))], ["submitting", "waiting", "stopping"]);

    // The same with an explicit `cancel` in place of the signal.
    const begun = handingOff({ ...(await present()), markets: [market], offer: PATIENT });
    begun.ended.catch(() => undefined);
    await until(begun, stateOf("waiting"));
    assert.equal((await market.cancel(begun.told[0].job)).state, "cancelled");
    await rejects(begun.ended, "no_market");
  });

  test("a hand-off that was stopped before it began hands nothing in", async () => {
    const { market } = await funded(node);
    const input = { ...(await untaken()), markets: [market], offer: PATIENT };
    const hand = handingOff(input, { signal: AbortSignal.abort() });
    await rejects(hand.ended, "cancelled");
    assert.deepEqual([hand.told, hand.saved], [[], []]);
  });

  test("what the node refuses is told by its code", async () => {
    const { market } = await funded(node);
    await rejects(market.status("0".repeat(64)), "job_unknown");
    await rejects(market.cancel("0".repeat(64).replace("0", "g")), "malformed");
    const stranger = await client.open({ url: node.url, key: MarketClient.generateKey() });
    const other = await client.open({ url: node.url, key: MarketClient.generateKey(), id: "1".repeat(64) });
    await rejects(other.deposit(1), "other_market");

    const answered = await untaken();
    const changed = answered.presentation.slice();
    changed[changed.length - 1] ^= 1;
    for (const [input, market_, code] of [
      [answered, stranger, "not_enough"],
      [{ ...answered, presentation: changed }, market, "proof_invalid"],
      [answered, other, "other_market"],
    ]) {
      const error = await rejects(client.handOff({ ...input, markets: [market_], offer: PATIENT }), "no_market");
      assert.match(error.message, new RegExp(code, "u"));
    }
    const predicates = [{ namespace: "org.iso.18013.5.1", element: "family_name", disclose: true }];
    const shown = { ...answered, request: { ...request, predicates } };
    await rejects(client.handOff({ ...shown, markets: [market], offer: PATIENT }), "kept_back");
    assert.equal((await market.account()).balance, MONEY);
  });

  test("where it cannot be saved, nothing is handed in", async () => {
    const { market } = await funded(node);
    const save = () => Promise.reject(new Error("the disk is full"));
    const input = { ...(await untaken()), markets: [market], offer: PATIENT };
    const error = await rejects(client.handOff(input, { save }), "not_saved");
    assert.match(error.message, /the disk is full/u);
    assert.equal((await market.account()).balance, MONEY);
  });

  test("a node that goes away is waited for", async () => {
    const { market } = await funded(node);
    const controller = new AbortController();
    const input = { ...(await present()), markets: [market], offer: PATIENT };
    const hand = handingOff(input, { signal: controller.signal });
    await until(hand, stateOf("waiting"));
    await node.kill();
    await until(hand, ({ trouble }) => trouble?.code === "unreachable");
    await node.serve();
    const before = hand.told.length;
    while (!hand.told.slice(before).some(stateOf("waiting"))) await new Promise((resolve) => setTimeout(resolve, 20));
    controller.abort();
    await rejects(hand.ended, "cancelled");
  });

  test("a market that never says how a job ended is left for no other", async () => {
    const { market } = await funded(node);
    const away = await client.open({
      url: `http://${await freeAddress()}/`,
      key: MarketClient.generateKey(),
      id: "2".repeat(64),
    });
    const offer = { ...PATIENT, withinMs: 3000 };
    const hand = handingOff({ ...(await untaken()), markets: [away, market], offer }, { patienceMs: 0 });
    const error = await rejects(hand.ended, "unresolved");
    assert.equal(error.market, away.url);
    assert.ok(hand.told.every((progress) => progress.market === away.url));
    assert.equal((await market.account()).balance, MONEY);
  });
});

describe("at a market whose provider folds", () => {
  let folding, poor;
  before(async () => {
    [folding, poor] = await Promise.all([MarketNode.start({ provides: true }), MarketNode.start()]);
  });
  after(() => Promise.all([folding.stop(), poor.stop()]));

  test("receipts come, also after a crash, and from the second market where the first refuses", async (context) => {
    const folder = mkdtempSync(join(tmpdir(), "velum-hand-off-"));
    context.after(() => rmSync(folder, { recursive: true }));
    const offer = { ...PATIENT, company: { maxWaitMs: 20_000, presentations: 2 } };
    const { key, market } = await funded(folding);
    const [first, second] = [await present(), await present()];

    // One client dies once the market has its job.
    const file = join(folder, "saved.json");
    await dies({ url: folding.url, key, ...first, offer, file });
    const saved = JSON.parse(readFileSync(file, "utf8"));
    assert.equal((await market.status(saved.markets[0].id)).state, "waiting");
    assert.doesNotMatch(JSON.stringify(saved), new RegExp(Buffer.from(key).toString("hex"), "u"));

    // The other client prefers a market at which it has no money.
    const refusing = await client.open({ url: poor.url, key });
    // With this interval, only the market's events wake it in time.
    const hand = handingOff({ ...second, markets: [refusing, market], offer }, { pollMs: 3_600_000 });
    const given = await hand.ended;
    assert.equal(given.market, folding.url);
    const at = hand.saved.map(({ at: { market, step } }) => `${market} ${step}`);
    // The market does not keep a cancellation either for a client that could not pay for the job. It does not know the
    // job, and that is enough.
    assert.deepEqual(at, ["0 submitting", "0 cancelling", "0 committed", "1 submitting", "1 waiting"]);
    const states = new Set(hand.told.map(({ status }) => status?.state));
    for (const state of ["waiting", "settled"]) assert.ok(states.has(state), [...states].join(", "));
    const { paid } = hand.told.find(stateOf("settled")).status;
    assert.ok(paid >= offer.minimum && paid <= offer.maximum, `paid ${paid}`);

    // The first hand-off goes on where it stood, without its key.
    await rejects(client.handOff({ ...second, saved }), "other_hand_off");
    await rejects(client.handOff({ ...first, saved: { ...saved, version: 2 } }), "other_hand_off");
    const forged = structuredClone(saved);
    forged.markets[0].job.message.offer.maximum += 1;
    await rejects(client.handOff({ ...first, saved: forged }), "malformed");
    const bad = await rejects(client.handOff({ ...first, saved, payee: new Uint8Array(32) }), "receipt_invalid");
    assert.ok(bad instanceof MarketError && bad.receipt.length > 10_000);
    const resumed = await client.handOff({ ...first, saved, payee: given.verified.payee });
    assert.equal(resumed.job, saved.markets[0].id);

    // Both receipts are of one aggregate, and hold wherever they are verified.
    const receipts = new ReceiptVerifier();
    context.after(() => receipts.dispose());
    const { payee } = given.verified;
    for (const { receipt, verified } of [given, resumed]) {
      const { count, profile } = await receipts.verify({ receipt, transcript, request, profiles: [PROFILE], payee });
      assert.deepEqual({ count, profile }, { count: 2, profile: PROFILE });
      assert.match(verified.learnt[0], /18 years or older/u);
    }
    assert.notDeepEqual(given.receipt, resumed.receipt);
    const { balance } = await market.account();
    assert.equal(balance, MONEY - paid - (await market.status(resumed.job)).paid);
    assert.deepEqual(await market.receipt(resumed.job), resumed.receipt);
    await rejects(market.cancel(resumed.job), "too_late_to_cancel");
  });
});

/** Runs a client that hands this off and dies on the way. */
async function dies({ key, presentation, transcript, ...input }) {
  const hex = (bytes) => Buffer.from(bytes).toString("hex");
  const script = new URL("dying-client.mjs", import.meta.url);
  const child = spawn(process.execPath, [script.pathname], { stdio: ["pipe", "inherit", "inherit"] });
  child.stdin.end(
    JSON.stringify({ key: hex(key), presentation: hex(presentation), transcript: hex(transcript), ...input }),
  );
  const [, signal] = await once(child, "exit");
  assert.equal(signal, "SIGKILL");
}
