/// <reference lib="esnext.disposable" preserve="true" />
/**
 * A pool of prepared proofs in the browser, so that an answer need not wait for the long part of its proof.
 *
 * A prepared proof is as secret as its document and may serve once, or two presentations could be linked. So each lies sealed in IndexedDB, under
 * a key of WebCrypto that no script can read; each is taken by one caller alone, of all tabs; and the pool is bounded in number, bytes and age. Scripts
 * of the same origin can use the pool like the page itself: they cannot read the key, but they can take proofs.
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

/** How a pool is made. */
export interface PoolOptions {
  /**
   * The name of its database. Pools of one name share their proofs, whatever tab they are in.
   *
   * @defaultValue "velum-proofs"
   */
  name?: string;
  /**
   * How many proofs it holds at most.
   *
   * @defaultValue 32
   */
  entries?: number;
  /**
   * How many bytes all of them may have together, sealed. A proof has about 0.3 MB.
   *
   * @defaultValue 33_554_432
   */
  bytes?: number;
  /**
   * Seconds from when a proof is added to when it is dropped.
   *
   * @defaultValue 2_592_000, which are 30 days
   */
  ageSeconds?: number;
  /** Where `pool.wasm` is, for pages that serve it elsewhere. */
  wasmUrl?: string | URL;
  /** That WebAssembly itself, where it can be neither fetched nor compiled, as in edge runtimes. */
  wasm?: Wasm;
}

/** A proof that was removed without being used. */
export interface DroppedProof {
  /** Its name in the pool. */
  name: string;
  /** Why, in words. */
  why: string;
}

const NAMES = ["name", "entries", "bytes", "ageSeconds", "wasmUrl", "wasm"] as const;

const module = new Inline(init, {
  name: "pool.wasm",
  url: () => new URL("./pool.wasm", import.meta.url),
});

/**
 * A pool of prepared proofs. Every promise rejects with a {@link VelumError}.
 */
export class ProofPool {
  readonly #keeper: Keeper;
  readonly #name: string;
  readonly #bounds: readonly [entries: number, bytes: number, ageSeconds: number];
  readonly #wasm: InlineOptions;
  #pool: Pool | undefined;

  /** Opens nothing.
   *
   * @throws VelumError `malformed` if an option is none.
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
   * Adds a prepared proof, which is used up by that. What is out of age makes room for it. Rejects with `pool_full` where there is none; a proof
   * that is not kept is as it was, unless `used` says otherwise.
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

  /** Takes a prepared proof of a purpose, which the prover tells, out of the pool for good, the oldest first; none if there is none. */
  take(purpose: Purpose): Promise<Prepared | undefined> {
    return attempt(async () => {
      const asked = json(purpose, "purpose");
      const [bytes, preparedFor] = (await this.#call((pool) => pool.take(asked, now()))) as
        [Uint8Array<ArrayBuffer>, string, string] | [null, null, string];
      if (bytes === null) return undefined;
      return preparedOf(bytes, { purpose: JSON.parse(asked) as Purpose, prepared_for: preparedFor });
    });
  }

  /** How many proofs of a purpose there are. None is opened. */
  count(purpose: Purpose): Promise<number> {
    return attempt(() => {
      const asked = json(purpose, "purpose");
      return this.#call((pool) => pool.count(asked, now()));
    });
  }

  /**
   * Prepares until there are `wanted` proofs of a purpose, and says how many it added. One tab at a time does so, where the browser has Web Locks.
   * What was added stays if a later one fails.
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
        // One of another purpose would not be counted, and the next be made for ever.
        if (purposeKey(prepared.purpose) !== purposeKey(purpose)) {
          throw new VelumError("prepared_mismatch", "prepare", "it made a proof of another purpose");
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
   * Drops what is of no use any more: proofs of other documents than those that are held, by the `document` of their purposes, those that another
   * version of this package made and this one cannot read, those out of age, and the oldest of those beyond the bounds. Call it when the page starts, and whenever a
   * document comes, goes or is renewed.
   */
  sweep(held: readonly string[]): Promise<DroppedProof[]> {
    return attempt(async () => {
      const documents = Array.from(held, (hash) => text(hash, "held"));
      return JSON.parse(await this.#call((pool) => pool.sweep(documents, now()))) as DroppedProof[];
    });
  }

  /** Removes every proof and says how many there were. */
  clear(): Promise<number> {
    return attempt(() => this.#call((pool) => pool.clear()));
  }

  /** Lets go of the database. The next call opens it again. */
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

/** Seconds since 1970. */
function now(): number {
  return Math.floor(Date.now() / 1000);
}

function bound(value: number, where: string): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new VelumError("malformed", where, "not a whole number from 0 to 2^53 - 1");
}
