// Measures the package in every engine. `node test/measure.mjs RUNS` prints one object with the minimum and the median
// of the times that a page waits. The figures of Chromium are at its top, those of the other engines under their names.

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

import { ENGINES, openPackage, startEngine } from "./engines/engines.mjs";
import { ISOLATION } from "./server.mjs";
import { receipt } from "./support.mjs";

const PROFILES = ["standard", "proven-100"];
const runs = Number(process.argv[2] ?? 10);

/** Proves one predicate about the real licence, `runs` times, on a page with these headers. */
async function measure(engine, headers) {
  const page = await openPackage(engine, headers);
  const receipts = PROFILES.map((profile) => ({ ...receipt(profile), profile }));
  const plain = receipts.map((each) => ({ ...each, receipt: [...each.receipt], transcript: [...each.transcript] }));
  try {
    const measured = await page.evaluate(prove, { receipts: plain, runs });
    const { times, ...others } = measured;
    return { browser: page.version, ...others, ...Object.assign({}, ...Object.entries(times).map(figures)) };
  } finally {
    await page.close();
  }
}

/** Runs on the page. */
async function prove({ runs, receipts: received }) {
  const { Prover, ReceiptVerifier, Verifier } = globalThis.velum;
  const { document, transcript, request } = globalThis.licence;
  const [prover, verifier, receipts] = [new Prover(), new Verifier(), new ReceiptVerifier()];
  const times = {};
  const timed = async (name, call) => {
    const start = performance.now();
    const result = await call();
    (times[name] ??= []).push(performance.now() - start);
    return result;
  };
  await timed("ready_ms", () => prover.ready());
  await verifier.ready();
  let [last, gap] = [performance.now(), 0];
  const heart = setInterval(() => {
    const now = performance.now();
    [last, gap] = [now, Math.max(gap, now - last)];
  }, 1);
  for (let run = 0; run < runs; run += 1) {
    const prepared = await timed("prepare_ms", () => prover.prepare({ document, request }));
    const input = { prepared, document, transcript, request, clock: "any" };
    const presentation = await timed("present_ms", () => prover.present(input));
    await timed("verify_ms", () => verifier.verify({ presentation, transcript, request }));
    // From the abort to the rejection, while the worker proves.
    const stop = new AbortController();
    let call;
    await new Promise((onProgress) => {
      call = prover.prepare({ document, request }, { signal: stop.signal, onProgress });
    });
    await timed("abort_ms", () => (stop.abort(), call.catch(() => undefined)));
    await prover.ready();
  }
  clearInterval(heart);
  await receipts.ready();
  for (const { profile, request, ...arrays } of received) {
    const [receipt, transcript] = [Uint8Array.from(arrays.receipt), Uint8Array.from(arrays.transcript)];
    const name = profile === "standard" ? "verify_receipt_ms" : "verify_receipt_proven_100_ms";
    for (let run = 0; run < runs; run += 1)
      await timed(name, () => receipts.verify({ receipt, transcript, request, profiles: [profile] }));
  }
  const { build, threads } = prover.environment;
  return { build, threads, times, memory_bytes: await prover.memoryBytes(), main_thread_gap_ms: gap };
}

/** The minimum of some times, under their own name, and the median. */
function figures([name, times]) {
  times.sort((one, other) => one - other);
  const median = (times[(times.length - 1) >> 1] + times[times.length >> 1]) / 2;
  return { [name]: times[0], [name.replace(/_ms$/u, "_median_ms")]: median };
}

/** The figures of an engine, without and with shared memory. */
async function measureEngine(name) {
  const engine = await startEngine(name);
  try {
    const single = await measure(engine, {});
    return { ...single, with_threads: await measure(engine, ISOLATION) };
  } finally {
    await engine.close();
  }
}

const gzipBytes = (name) => {
  const bytes = readFileSync(new URL(`../dist/${name}.wasm`, import.meta.url));
  return gzipSync(bytes, { level: 9 }).length;
};

const measured = {};
for (const name of ENGINES) measured[name] = await measureEngine(name);
const { chromium, ...others } = measured;
const object = {
  ...chromium,
  prover_gzip_bytes: gzipBytes("prover-simd"),
  prover_threads_gzip_bytes: gzipBytes("prover-threads"),
  prover_scalar_gzip_bytes: gzipBytes("prover-scalar"),
  verifier_gzip_bytes: gzipBytes("verifier"),
  receipt_gzip_bytes: gzipBytes("receipt"),
  runs,
  ...others,
};
console.log(JSON.stringify(object, (_, value) => (typeof value === "number" ? Math.round(value * 10) / 10 : value)));
