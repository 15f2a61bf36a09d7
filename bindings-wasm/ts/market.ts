/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Hands presentations to markets, where others fold many of them into one proof, and fetches the receipts. This entry
 * is for verifiers and dapps: whoever hands in and pays can be linked to what it hands in.
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

/** Options of a client of markets. */
export interface MarketClientOptions {
  /** The address of `market.wasm`, for pages that serve it elsewhere. */
  wasmUrl?: string | URL;
  /** `market.wasm` itself, for environments that can neither fetch nor compile it, such as edge runtimes. */
  wasm?: Wasm;
  /** The address of `receipt.wasm`, for pages that serve it elsewhere. */
  receiptWasmUrl?: string | URL;
  /** `receipt.wasm` itself, for the same environments. */
  receiptWasm?: Wasm;
  /** The address of `verifier.wasm`, for pages that serve it elsewhere. */
  verifierWasmUrl?: string | URL;
  /** `verifier.wasm` itself, for the same environments. */
  verifierWasm?: Wasm;
  /** The address of the script of the worker that verifies receipts. It must be of the page's own origin. */
  workerUrl?: string | URL;
  /**
   * Whether receipts are verified in a worker, as pages should do.
   *
   * @defaultValue true
   */
  worker?: boolean;
}

/**
 * What to hand off: a presentation, to which markets and on which terms, or the saved state of a hand-off of the same
 * presentation.
 */
export type HandOffInput = MarketInput & {
  /** For whom the aggregate must be counted, 32 bytes. If it is left out, any payee is accepted. */
  payee?: Uint8Array;
} & (
    | {
        /**
         * The markets in order of preference. The hand-off goes on to the next market if one refuses the job, or has
         * found no provider in its time.
         */
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
 * Every promise rejects with a {@link VelumError}, which is a {@link MarketError} if a market is the reason.
 */
export class MarketClient {
  readonly #engine: Engine<ReceiptCalls>;
  readonly #wasm: Source | undefined;

  /**
   * Starts nothing.
   *
   * @throws VelumError `malformed` if an option is not valid.
   */
  constructor(options: MarketClientOptions = {}) {
    const { wasm, wasmUrl, receiptWasm, receiptWasmUrl, ...others } = optionsOf(options, NAMES);
    this.#wasm = source(wasm, wasmUrl);
    this.#engine = receiptEngine({ ...others, wasm: receiptWasm, wasmUrl: receiptWasmUrl });
    retireWith(this, this.#engine);
  }

  /**
   * A new secret key of 32 bytes, for Ed25519. The caller keeps it. Whoever has the key has what is deposited under it.
   */
  static generateKey(): Uint8Array<ArrayBuffer> {
    return crypto.getRandomValues(new Uint8Array(32));
  }

  /** Loads what talks to markets and what verifies receipts, so that the next call need not wait for it. */
  ready(options?: AbortOptions): Promise<void> {
    return attempt(async () => {
      await this.#engine.call("load", undefined, options);
      await callMarket(this.#wasm, [], () => undefined, options?.signal);
    });
  }

  /**
   * Says whether the answer to a request may be handed to others, and if not, why not, in words. A value that is shown,
   * or a predicate that few people meet, is for its verifier alone.
   */
  mayHandOff(request: RequestInput, options?: AbortOptions): Promise<{ allowed: boolean; reasons: string[] }> {
    return attempt(async () => {
      const reasons = await this.#engine.call("keptBack", { request: requestText(request) }, options);
      return { allowed: reasons.length === 0, reasons };
    });
  }

  /**
   * Opens the market at an address, so that it can be asked. Without `id`, the market is asked who it is. `id` names a
   * market for good: with it, the market is not asked, and has to be the one with that name.
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
   * Hands a presentation off, and resolves with its receipt, which was verified. The presentation is handed to one
   * market at a time. It goes to the next market only when the previous one will not be paid for it, whatever is lost
   * on the way.
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
        if (platform.verified === undefined) throw new VelumError("internal", "hand-off", "a receipt was not verified");
        return { receipt: given.receipt, verified: platform.verified, market: url, job: id };
      } catch (reason) {
        if (options.signal && reason instanceof MarketError && reason.code === "cancelled")
          throw cancelled(options.signal);
        // The receipt may be good. It is judged again when the hand-off goes on from the saved state.
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
      throw new VelumError("malformed", "markets", "not an array of one or more markets from `open`");
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

/** Signs jobs for a market. A private member would be out of the client's reach. */
interface Held {
  sign(terms: string, submission: Uint8Array): Promise<{ id: string; job: SignedMessage; cancel: SignedMessage }>;
}

const holders = new WeakMap<Market, Held>();

function held(market: Market): Held {
  const holder = holders.get(market);
  if (holder === undefined) throw new VelumError("malformed", "markets", "not a market from `open`");
  return holder;
}

/** Makes a market. Only this module can, because the constructor is private. */
function marketOf(asked: Asked): Market {
  return new (Market as unknown as new (asked: Asked) => Market)(asked);
}

/** A market, opened with a secret key by {@link MarketClient.open}. It holds that key. */
export class Market {
  /** The market's address. */
  readonly url: string;
  /** What names the market for good: SHA-256 of its key, in hexadecimal. */
  readonly id: string;
  readonly #asked: Asked;

  private constructor(asked: Asked) {
    this.url = asked.url;
    this.id = asked.id;
    this.#asked = asked;
    holders.set(this, { sign: (terms, submission) => this.#sign(terms, submission) });
  }

  /** Estimates the price of a job and how long it takes. Nothing is handed over. */
  quote(input: MarketInput & { offer: Offer }, options?: AbortOptions): Promise<Estimate> {
    return attempt(async () => {
      const submission = await this.#asked.submission(input);
      const { json } = terms(input.offer, submission, this.id, 0, 1);
      const { job } = await this.#sign(json, submission.bytes);
      return this.#ask<Estimate>((glue, platform) => glue.quote(platform, this.url, JSON.stringify(job)), options);
    });
  }

  /** Says where a job stands. */
  status(job: string, options?: AbortOptions): Promise<JobStatus> {
    return attempt(() => {
      const id = hashText(job, "job");
      return this.#ask<JobStatus>((glue, platform) => glue.jobStatus(platform, this.url, id), options);
    });
  }

  /**
   * Takes a job back, which is possible until its batch has closed. To stop a hand-off that is under way, use its
   * signal.
   */
  cancel(job: string, options?: AbortOptions): Promise<JobStatus> {
    return attempt(() => {
      const id = hashText(job, "job");
      return this.#ask<JobStatus>((glue, platform, key) => glue.cancelJob(platform, this.url, key, id), options);
    });
  }

  /** The receipt of a settled job, as the market has it. It has not been verified: verify it. */
  receipt(job: string, options?: AbortOptions): Promise<Uint8Array<ArrayBuffer>> {
    return attempt(async () => {
      const id = hashText(job, "job");
      const platform = new MarketPlatform(options?.signal);
      const call = (glue: MarketGlue) => glue.fetchReceipt(platform, this.url, id);
      return (await this.#call(call, options)) as Uint8Array<ArrayBuffer>;
    });
  }

  /** What the holder of the key has at this market. */
  account(options?: AbortOptions): Promise<Account> {
    return attempt(() =>
      this.#ask<Account>((glue, platform, key) => glue.account(platform, this.url, key, this.id, Date.now()), options),
    );
  }

  /**
   * Deposits demo money, which is worth nothing, if the market accepts such deposits. A deposit that is sent again
   * under its `idempotencyKey`, of 16 to 64 characters, counts once.
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
