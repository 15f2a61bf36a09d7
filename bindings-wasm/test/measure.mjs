// Measures the package in Chromium: `node test/measure.mjs RUNS` prints one object, of the least and the median times that a page waits.

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

import { launch, open } from "./browser.mjs";
import { ISOLATION, serve } from "./server.mjs";
import { licence, receipt } from "./support.mjs";

const FOLDERS = { "/": new URL("page/", import.meta.url), "/dist/": new URL("../dist/", import.meta.url) };
const PROFILES = ["standard", "proven-100"];
const runs = Number(process.argv[2] ?? 10);

/** One predicate on the real licence, `runs` times, on a page with these headers. */
async function measure(browser, headers) {
  const server = await serve(FOLDERS, headers);
  const { page, troubles } = await open(browser, `${server.origin}/`);
  await page.waitForFunction(() => "velum" in globalThis);
  const { document, transcript, request } = licence();
  const receipts = PROFILES.map((profile) => ({ ...receipt(profile), profile }));
  const plain = receipts.map((each) => ({ ...each, receipt: [...each.receipt], transcript: [...each.transcript] }));
  const input = { document: [...document], transcript: [...transcript], request, receipts: plain, runs };
  const measured = await page.evaluate(async ({ runs, request, receipts: received, ...arrays }) => {
    const { Prover, ReceiptVerifier, Verifier } = globalThis.velum;
    const [document, transcript] = [Uint8Array.from(arrays.document), Uint8Array.from(arrays.transcript)];
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
  }, input);
  server.close();
  if (troubles.length > 0) throw new Error(troubles.join("\n"));
  const { times, ...others } = measured;
  return { ...others, ...Object.assign({}, ...Object.entries(times).map(figures)) };
}

/** The least of some times, under their own name, and the median. */
function figures([name, times]) {
  times.sort((one, other) => one - other);
  const median = (times[(times.length - 1) >> 1] + times[times.length >> 1]) / 2;
  return { [name]: times[0], [name.replace(/_ms$/u, "_median_ms")]: median };
}

const gzipBytes = (name) => {
  const bytes = readFileSync(new URL(`../dist/${name}.wasm`, import.meta.url));
  return gzipSync(bytes, { level: 9 }).length;
};

const browser = await launch();
try {
  const single = await measure(browser, {});
  const threads = await measure(browser, ISOLATION);
  const object = {
    ...single,
    with_threads: threads,
    prover_gzip_bytes: gzipBytes("prover-simd"),
    prover_threads_gzip_bytes: gzipBytes("prover-threads"),
    prover_scalar_gzip_bytes: gzipBytes("prover-scalar"),
    verifier_gzip_bytes: gzipBytes("verifier"),
    receipt_gzip_bytes: gzipBytes("receipt"),
    runs,
    browser: `Chromium ${browser.version()}`,
  };
  console.log(JSON.stringify(object, (_, value) => (typeof value === "number" ? Math.round(value * 10) / 10 : value)));
} finally {
  await browser.close();
}
