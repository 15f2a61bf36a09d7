/// <reference lib="esnext.disposable" preserve="true" />
/**
 * A pool of prepared proofs in the browser, so that an answer need not wait for the long part of its proof.
 *
 * A prepared proof is as secret as its document. It may be used only once, because two presentations from it could be
 * linked. Therefore:
 *
 * - Each proof is sealed in IndexedDB, under a WebCrypto key that no script can read.
 * - Each proof is taken by only one caller, across all tabs.
 * - The pool is bounded in number, bytes and age.
 *
 * Scripts of the same origin can use the pool like the page itself: they cannot read the key, but they can take proofs.
 *
 * @packageDocumentation
 */

import init, { Pool } from "./glue/pool.js";
import { cancelled, type Failure, thrown, VelumError } from "./errors.js";
import { Inline, type InlineOptions } from "./inline.js";
import { attempt, callOptions, json, optionsOf, text } from "./input.js";
import { locks } from "./host.js";
import { Keeper } from "./pool-keeper.js";
import { giveBack, type Prepared, preparedOf, takePrepared } from "./prepared.js";
import type { Wasm } from "./source.js";
import type { AbortOptions, Purpose } from "./types.js";

export { type ErrorCode, VelumError } from "./errors.js";
export { Prepared } from "./prepared.js";
export type { Wasm, WasmModule } from "./source.js";
export type { AbortOptions, Purpose, SizeClass, Suite } from "./types.js";

/** Options of a pool. */
export interface PoolOptions {
  /**
   * The name of its database. Pools of the same name share their proofs, in all tabs.
   *
   * @defaultValue "velum-proofs"
   */
  name?: string;
  /**
   * The most proofs that the pool holds.
   *
   * @defaultValue 32
   */
  entries?: number;
  /**
   * The most bytes that all proofs may have together, sealed. A proof has about 0.3 MB.
   *
   * @defaultValue 33_554_432
   */
  bytes?: number;
  /**
   * Seconds after which a proof is dropped, counted from when it was added.
   *
   * @defaultValue 2_592_000, which are 30 days
   */
  ageSeconds?: number;
  /** The address of `pool.wasm`, for pages that serve it elsewhere. */
  wasmUrl?: string | URL;
  /** `pool.wasm` itself, for environments that can neither fetch nor compile it, such as edge runtimes. */
  wasm?: Wasm;
}

/** A proof that was removed without being used. */
export interface DroppedProof {
  /** Its name in the pool. */
  name: string;
  /** Why it was removed, in words. */
  why: string;
}

const NAMES = ["name", "entries", "bytes", "ageSeconds", "wasmUrl", "wasm"] as const;

const module = new Inline(init, {
  name: "pool.wasm",
  url: () => new URL("./pool.wasm", import.meta.url),
});

/** A pool of prepared proofs. Every promise rejects with a {@link VelumError}. */
export class ProofPool {
  readonly #keeper: Keeper;
  readonly #name: string;
  readonly #bounds: readonly [entries: number, bytes: number, ageSeconds: number];
  readonly #wasm: InlineOptions;
  #pool: Pool | undefined;

  /**
   * Opens nothing.
   *
   * @throws VelumError `malformed` if an option is not valid.
   */
  constructor(options: PoolOptions = {}) {
    const { name = "velum-proofs", wasm, wasmUrl } = optionsOf(options, NAMES);
    this.#name = text(name, "name");
    this.#bounds = [
      bound(options.entries ?? 32, "entries"),
      bound(options.bytes ?? 32 * 1024 * 1024, "bytes"),
      bound(options.ageSeconds ?? 30 * 86_400, "ageSeconds"),
    ];
    this.#wasm = { wasm, wasmUrl };
    this.#keeper = new Keeper(this.#name);
  }

  /**
   * Adds a prepared proof, which uses the proof up. Proofs that are too old are removed to make room. Rejects with
   * `pool_full` if there is no room. A proof that was not added is as it was, unless `used` says otherwise.
   */
  put(prepared: Prepared): Promise<void> {
    return attempt(async () => {
      const bytes = takePrepared(prepared);
      let usable = true;
      try {
        const failure = (await this.#call((pool) => pool.put(bytes, now()))) as
          (Failure & { usable: boolean }) | undefined;
        if (failure === undefined) return;
        usable = failure.usable;
        throw thrown(failure);
      } catch (reason) {
        if (usable) giveBack(prepared, bytes);
        throw reason;
      }
    });
  }

  /**
   * Takes the oldest prepared proof of a purpose out of the pool for good. Resolves with `undefined` if there is none.
   * The purpose comes from the prover.
   */
  take(purpose: Purpose): Promise<Prepared | undefined> {
    return attempt(async () => {
      const asked = json(purpose, "purpose");
      const [bytes, preparedFor] = (await this.#call((pool) => pool.take(asked, now()))) as
        [Uint8Array<ArrayBuffer>, string, string] | [null, null, string];
      if (bytes === null) return undefined;
      return preparedOf(bytes, { purpose: JSON.parse(asked) as Purpose, prepared_for: preparedFor });
    });
  }

  /** Number of proofs of a purpose. No proof is opened. */
  count(purpose: Purpose): Promise<number> {
    return attempt(() => {
      const asked = json(purpose, "purpose");
      return this.#call((pool) => pool.count(asked, now()));
    });
  }

  /**
   * Prepares until there are `wanted` proofs of a purpose, and resolves with the number that it added. If the browser
   * has Web Locks, one tab at a time does so. What was added stays if a later proof fails.
   */
  async fill(
    purpose: Purpose,
    wanted: number,
    prepare: () => Promise<Prepared>,
    options?: AbortOptions,
  ): Promise<number> {
    const { signal } = callOptions(options);
    const most = bound(wanted, "wanted");
    const work = async () => {
      let added = 0;
      while ((await this.count(purpose)) < most) {
        if (signal?.aborted) throw cancelled(signal);
        await attempt(() => this.#call((pool) => pool.makeRoom(now())));
        const prepared = await prepare();
        // A proof of another purpose would not be counted, so the loop would never end.
        if (purposeKey(prepared.purpose) !== purposeKey(purpose)) {
          throw new VelumError("prepared_mismatch", "prepare", "the new proof is for another purpose");
        }
        await this.put(prepared);
        added += 1;
      }
      return added;
    };
    const manager = locks();
    if (manager === undefined) return work();
    try {
      return await manager.request(`velum pool ${this.#name}`, signal ? { signal } : {}, work);
    } catch (reason) {
      throw signal?.aborted && !(reason instanceof VelumError) ? cancelled(signal) : reason;
    }
  }

  /**
   * Drops proofs that are of no use any more:
   *
   * - proofs of documents that are not in `held`, which lists the `document` of purposes,
   * - proofs that another version of this package made and this one cannot read,
   * - proofs that are too old,
   * - the oldest proofs beyond the bounds.
   *
   * Call it when the page starts, and whenever a document is added, removed or renewed.
   */
  sweep(held: readonly string[]): Promise<DroppedProof[]> {
    return attempt(async () => {
      const documents = Array.from(held, (hash) => text(hash, "held"));
      return JSON.parse(await this.#call((pool) => pool.sweep(documents, now()))) as DroppedProof[];
    });
  }

  /** Removes every proof and resolves with the number of removed proofs. */
  clear(): Promise<number> {
    return attempt(() => this.#call((pool) => pool.clear()));
  }

  /** Closes the database. The next call opens it again. */
  close(): void {
    this.#keeper.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #call<T>(call: (pool: Pool) => Promise<T>): Promise<T> {
    return await module.call(this.#wasm, () => {
      const [entries, bytes, ageSeconds] = this.#bounds;
      this.#pool ??= new Pool(this.#keeper, entries, bytes, ageSeconds);
      return call(this.#pool);
    });
  }
}

/** One text for each purpose. */
function purposeKey(purpose: Purpose): string {
  const { suite, suite_version, size_class, doc_type, issuer, document, elements } = purpose;
  const names = elements.map(({ namespace, element }) => [namespace, element]);
  return JSON.stringify([suite, suite_version, size_class, doc_type, issuer, document, names]);
}

/** The time in seconds since 1970. */
function now(): number {
  return Math.floor(Date.now() / 1000);
}

function bound(value: number, where: string): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new VelumError("malformed", where, "not a whole number from 0 to 2^53 - 1");
}
