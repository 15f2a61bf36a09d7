/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Handing presentations to markets, where others fold many of them into one proof, and bringing their receipts back. For verifiers and dapps: whoever
 * hands in and pays can be linked to what it hands in.
 *
 * @packageDocumentation
 */

import { cancelled, VelumError } from "./errors.js";
import { retireWith } from "./dropped.js";
import type { Engine } from "./here.js";
import { HandOffPlatform } from "./hand-off.js";
import { address, attempt, optionsOf, requestText } from "./input.js";
import { callMarket, type MarketGlue } from "./load-market.js";
import {
  hashText,
  judgedBy,
  keyBytes,
  quantity,
  randomText,
  savedHandOff,
  submissionInput,
  terms,
} from "./market-input.js";
import { MarketError } from "./market-errors.js";
import { MarketPlatform } from "./market-platform.js";
import type {
  Account,
  Estimate,
  HandedOff,
  HandOffOptions,
  JobStatus,
  MarketInput,
  Offer,
  SavedHandOff,
  SignedMessage,
} from "./market-types.js";
import type { ReceiptCalls, Submission } from "./protocol.js";
import { receiptEngine } from "./receipt-engine.js";
import { type Source, source, type Wasm } from "./source.js";
import type { AbortOptions, RequestInput } from "./types.js";

export { type ErrorCode, type NodeCode, VelumError } from "./errors.js";
export { MarketError } from "./market-errors.js";
export type * from "./market-types.js";
export type { Wasm, WasmModule } from "./source.js";
export type {
  AbortOptions,
  Condition,
  Issuer,
  Learnt,
  Literal,
  Predicate,
  Presentation,
  Profile,
  Request,
  RequestInput,
  SizeClass,
  Stage,
  StageTiming,
  Value,
  Verified,
  VerifiedReceipt,
} from "./types.js";

/** How a client of markets is made. */
export interface MarketClientOptions {
  /** Where `market.wasm` is, for pages that serve it elsewhere. */
  wasmUrl?: string | URL;
  /** That WebAssembly itself, where it can be neither fetched nor compiled, as in edge runtimes. */
  wasm?: Wasm;
  /** Where `receipt.wasm` is, for the same. */
  receiptWasmUrl?: string | URL;
  /** That one itself, likewise. */
  receiptWasm?: Wasm;
  /** Where `verifier.wasm` is, for the same. */
  verifierWasmUrl?: string | URL;
  /** That one itself, likewise. */
  verifierWasm?: Wasm;
  /** Where the script of the worker is that judges receipts, of the page's own origin. */
  workerUrl?: string | URL;
  /**
   * Whether receipts are judged in a worker, as pages should.
   *
   * @defaultValue true
   */
  worker?: boolean;
}

/** What is to be handed off: a presentation, where, and on which terms; or what was saved of a hand-off of the same presentation. */
export type HandOffInput = MarketInput & {
  /** For whom the aggregate must be counted, 32 bytes; for anyone where it is left out. */
  payee?: Uint8Array;
} & (
    | {
        /** The markets, the preferred one first. One is left for the next where it refuses the job, or has found no provider in its time. */
        markets: readonly Market[];
        offer: Offer;
        saved?: undefined;
      }
    | { saved: SavedHandOff }
  );

const NAMES = [
  ...(["wasmUrl", "wasm", "receiptWasmUrl", "receiptWasm", "verifierWasmUrl", "verifierWasm"] as const),
  ...(["workerUrl", "worker"] as const),
];

/**
 * Hands presentations to markets.
 *
 * Every promise rejects with a {@link VelumError}; with a {@link MarketError} where a market is the reason.
 */
export class MarketClient {
  readonly #engine: Engine<ReceiptCalls>;
  readonly #wasm: Source | undefined;

  /** Starts nothing.
   *
   * @throws VelumError `malformed` if an option is none.
   */
  constructor(options: MarketClientOptions = {}) {
    const { wasm, wasmUrl, receiptWasm, receiptWasmUrl, ...others } = optionsOf(options, NAMES);
    this.#wasm = source(wasm, wasmUrl);
    this.#engine = receiptEngine({ ...others, wasm: receiptWasm, wasmUrl: receiptWasmUrl });
    retireWith(this, this.#engine);
  }

  /** A new secret key, 32 bytes of Ed25519, which the caller keeps. Whoever has it has what is deposited under it. */
  static generateKey(): Uint8Array<ArrayBuffer> {
    return crypto.getRandomValues(new Uint8Array(32));
  }

  /** Loads what speaks with markets and what judges receipts, so that the next call need not wait for it. */
  ready(options?: AbortOptions): Promise<void> {
    return attempt(async () => {
      await this.#engine.call("load", undefined, options);
      await callMarket(this.#wasm, [], () => undefined, options?.signal);
    });
  }

  /**
   * Why the answer to a request may not be handed to others, in words; nothing, where it may. A value that is shown, or a predicate that few people meet, is for
   * its verifier alone.
   */
  mayHandOff(request: RequestInput, options?: AbortOptions): Promise<{ allowed: boolean; reasons: string[] }> {
    return attempt(async () => {
      const reasons = await this.#engine.call("keptBack", { request: requestText(request) }, options);
      return { allowed: reasons.length === 0, reasons };
    });
  }

  /**
   * Asks who the market at an address is, and gives what it is asked by. With `id`, which names the market for good, it has to be that one, and is not asked.
   */
  open(input: { url: string | URL; key: Uint8Array; id?: string }, options?: AbortOptions): Promise<Market> {
    return attempt(async () => {
      const url = address(input.url, "url") ?? "";
      const key = keyBytes(input.key);
      const id = input.id === undefined ? await this.#idOf(url, options) : hashText(input.id, "id");
      return marketOf({
        url,
        id,
        key,
        wasm: this.#wasm,
        submission: (about) => this.#submission(about, options),
      });
    });
  }

  /**
   * Hands a presentation off, and resolves with its receipt, which was verified. It is handed to one market at a time, and to the next one only when the one
   * before will not be paid for it, whatever is lost on the way.
   */
  handOff(input: HandOffInput, options: HandOffOptions = {}): Promise<HandedOff> {
    return attempt(async () => {
      optionsOf(options, ["signal", "onProgress", "save", "pollMs", "patienceMs"]);
      const submission = await this.#submission(input, undefined);
      const { plan, profile } =
        input.saved === undefined
          ? await this.#planned(submission, input.markets, input.offer)
          : savedHandOff(input.saved);
      if (options.signal?.aborted && input.saved === undefined) throw cancelled(options.signal);
      const platform = new HandOffPlatform(plan, this.#engine, judgedBy(input, profile, input.payee), options);
      const urls = plan.markets.map(({ url }) => url);
      const json = JSON.stringify({
        markets: plan.markets.map(({ url, job, cancel, preferred_until }) => ({ url, job, cancel, preferred_until })),
        poll: quantity(options.pollMs ?? 2000, "pollMs"),
        patience: quantity(options.patienceMs ?? 3_600_000, "patienceMs"),
        ...(input.saved === undefined ? {} : { saved: plan.at }),
      });
      try {
        const call = (glue: MarketGlue) => glue.handOff(platform, json, submission.bytes);
        const given = (await callMarket(this.#wasm, urls, call, undefined)) as {
          market: number;
          receipt: Uint8Array<ArrayBuffer>;
        };
        const { url, id } = plan.markets[given.market] ?? { url: "", id: "" };
        if (platform.verified === undefined) throw new VelumError("internal", "hand-off", "a receipt was not judged");
        return { receipt: given.receipt, verified: platform.verified, market: url, job: id };
      } catch (reason) {
        if (options.signal && reason instanceof MarketError && reason.code === "cancelled")
          throw cancelled(options.signal);
        // The receipt may be good: it is judged anew when the hand-off goes on from what was saved.
        throw platform.failure ?? reason;
      } finally {
        platform.end();
      }
    });
  }

  /** Ends the worker. Calls under way reject with `disposed`, and so do later ones. */
  dispose(): void {
    this.#engine.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async #idOf(url: string, options: AbortOptions | undefined): Promise<string> {
    const platform = new MarketPlatform(options?.signal);
    const call = (glue: MarketGlue) => glue.marketInfo(platform, url);
    const info = JSON.parse(await callMarket(this.#wasm, [url], call, options?.signal)) as { id: string };
    return hashText(info.id, "market.id");
  }

  #submission(input: MarketInput, options: AbortOptions | undefined): Promise<Submission> {
    return this.#engine.call("submission", submissionInput(input), options);
  }

  async #planned(submission: Submission, markets: readonly Market[], offer: Offer) {
    if (!Array.isArray(markets) || markets.length === 0 || !markets.every((market) => market instanceof Market))
      throw new VelumError("malformed", "markets", "not an array of one or more that `open` gave");
    const planned: SavedHandOff["markets"] = [];
    for (const [place, market] of (markets as readonly Market[]).entries()) {
      const { url } = market;
      const { json, preferredUntil } = terms(offer, submission, market.id, place, markets.length);
      const signed = await held(market).sign(json, submission.bytes);
      planned.push({ url, ...signed, preferred_until: preferredUntil });
    }
    const plan: SavedHandOff = { version: 1, markets: planned, at: { market: 0, step: "submitting" } };
    return { plan, profile: offer.profile };
  }
}

/** What a market is asked with. */
interface Asked {
  readonly url: string;
  readonly id: string;
  readonly key: Uint8Array<ArrayBuffer>;
  readonly wasm: Source | undefined;
  readonly submission: (input: MarketInput) => Promise<Submission>;
}

/** What makes jobs of each market. A private member would be out of the client's reach. */
interface Held {
  sign(terms: string, submission: Uint8Array): Promise<{ id: string; job: SignedMessage; cancel: SignedMessage }>;
}

const holders = new WeakMap<Market, Held>();

function held(market: Market): Held {
  const holder = holders.get(market);
  if (holder === undefined) throw new VelumError("malformed", "markets", "not one that `open` gave");
  return holder;
}

/** Makes one, as nobody else can: its constructor is private. */
function marketOf(asked: Asked): Market {
  return new (Market as unknown as new (asked: Asked) => Market)(asked);
}

/** A market, and who asks it: {@link MarketClient.open} gives it. It holds the secret key that it was opened with. */
export class Market {
  /** Its address. */
  readonly url: string;
  /** What names it for good: SHA-256 of its key, in hexadecimal. */
  readonly id: string;
  readonly #asked: Asked;

  private constructor(asked: Asked) {
    this.url = asked.url;
    this.id = asked.id;
    this.#asked = asked;
    holders.set(this, { sign: (terms, submission) => this.#sign(terms, submission) });
  }

  /** What a job is likely to cost, and how long it is likely to take. Nothing is handed over. */
  quote(input: MarketInput & { offer: Offer }, options?: AbortOptions): Promise<Estimate> {
    return attempt(async () => {
      const submission = await this.#asked.submission(input);
      const { json } = terms(input.offer, submission, this.id, 0, 1);
      const { job } = await this.#sign(json, submission.bytes);
      return this.#ask<Estimate>((glue, platform) => glue.quote(platform, this.url, JSON.stringify(job)), options);
    });
  }

  /** Where a job stands. */
  status(job: string, options?: AbortOptions): Promise<JobStatus> {
    return attempt(() => {
      const id = hashText(job, "job");
      return this.#ask<JobStatus>((glue, platform) => glue.jobStatus(platform, this.url, id), options);
    });
  }

  /** Takes a job back, which is possible until its batch has closed. A hand-off that is under way is stopped by its signal. */
  cancel(job: string, options?: AbortOptions): Promise<JobStatus> {
    return attempt(() => {
      const id = hashText(job, "job");
      return this.#ask<JobStatus>((glue, platform, key) => glue.cancelJob(platform, this.url, key, id), options);
    });
  }

  /** The receipt of a settled job, as the market has it. Verify it: nobody has. */
  receipt(job: string, options?: AbortOptions): Promise<Uint8Array<ArrayBuffer>> {
    return attempt(async () => {
      const id = hashText(job, "job");
      const platform = new MarketPlatform(options?.signal);
      const call = (glue: MarketGlue) => glue.fetchReceipt(platform, this.url, id);
      return (await this.#call(call, options)) as Uint8Array<ArrayBuffer>;
    });
  }

  /** What the holder of the key has here. */
  account(options?: AbortOptions): Promise<Account> {
    return attempt(() =>
      this.#ask<Account>((glue, platform, key) => glue.account(platform, this.url, key, this.id, Date.now()), options),
    );
  }

  /**
   * Deposits demo money, which is worth nothing, where the market has a way in for it. A deposit that is sent again under its `idempotencyKey`, of 16 to 64 characters,
   * counts once.
   */
  deposit(amount: number, options?: AbortOptions & { idempotencyKey?: string }): Promise<Account> {
    return attempt(() => {
      const movement = JSON.stringify({
        market: this.id,
        action: "deposit",
        amount: quantity(amount, "amount"),
        idempotency_key: options?.idempotencyKey ?? randomText(),
      });
      return this.#ask<Account>((glue, platform, key) => glue.moveMoney(platform, this.url, key, movement), options);
    });
  }

  async #ask<T>(
    question: (glue: MarketGlue, platform: MarketPlatform, key: Uint8Array) => Promise<string>,
    options: AbortOptions | undefined,
  ): Promise<T> {
    const platform = new MarketPlatform(options?.signal);
    return JSON.parse(await this.#call((glue) => question(glue, platform, this.#asked.key), options)) as T;
  }

  #call<T>(call: (glue: MarketGlue) => T | Promise<T>, options: AbortOptions | undefined): Promise<T> {
    return callMarket(this.#asked.wasm, [this.url], call, options?.signal);
  }

  async #sign(terms: string, submission: Uint8Array) {
    const signed = await this.#call((glue) => glue.signJob(this.#asked.key, terms, submission), undefined);
    return JSON.parse(signed) as { id: string; job: SignedMessage; cancel: SignedMessage };
  }
}
