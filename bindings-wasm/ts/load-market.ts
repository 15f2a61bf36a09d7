// The WebAssembly that talks to markets. It runs in the calling thread, because its work takes milliseconds and the
// rest is waiting.

import init, * as glue from "./glue/market.js";
import { cancelled, thrown, trappedBefore } from "./errors.js";
import { Instance } from "./instance.js";
import { type MarketFailure, marketThrown } from "./market-errors.js";
import { broken, isFailure, notLoaded } from "./serve.js";
import type { Source } from "./source.js";

/** The exports that are called, once the module is loaded. */
export type MarketGlue = Omit<typeof glue, "default" | "initSync">;

const instance = new Instance(init, {
  name: "market.wasm",
  url: () => new URL("./market.wasm", import.meta.url),
});

/**
 * Calls the WebAssembly and converts what it throws to errors. `urls` are the addresses of the markets, by their places
 * in the plan.
 */
export async function callMarket<T>(
  wasm: Source | undefined,
  urls: readonly string[],
  call: (glue: MarketGlue) => T | Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  if (instance.trapped) throw trappedBefore();
  await instance.load(wasm).catch((reason: unknown) => {
    throw thrown(notLoaded(reason));
  });
  if (signal?.aborted) throw cancelled(signal);
  try {
    return await call(glue);
  } catch (reason) {
    if (isFailure(reason)) {
      if (signal?.aborted && reason.code !== "receipt_invalid") throw cancelled(signal);
      const failure = reason as MarketFailure;
      throw marketThrown(failure, urls[failure.market ?? 0]);
    }
    instance.trapped = true;
    throw thrown(broken(reason));
  }
}
