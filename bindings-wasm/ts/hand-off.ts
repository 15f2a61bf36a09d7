// The platform of a hand-off: what every request to a market needs, and what only a hand-off needs.

import { VelumError } from "./errors.js";
import type { Engine } from "./here.js";
import { knownCode } from "./market-errors.js";
import { JobEvents, MarketPlatform } from "./market-platform.js";
import type { HandOffOptions, HandOffStep, JobStatus, SavedHandOff } from "./market-types.js";
import type { ReceiptCalls } from "./protocol.js";
import type { VerifiedReceipt } from "./types.js";

/**
 * How long to wait between two questions while the job's events are followed, in milliseconds. The caller's interval
 * counts if it is longer, and an event ends the wait.
 */
const FOLLOWED_MS = 15_000;

/** Codes of a verifier that could not judge the receipt. They say nothing about the receipt. */
const NO_JUDGEMENT = ["worker_failed", "load_failed", "internal", "disposed", "unsupported"];

/** What Rust reports about its progress. */
interface Told {
  saved: { market: number; step: HandOffStep };
  status: JobStatus | null;
  trouble: { code: string; message: string } | null;
}

export class HandOffPlatform extends MarketPlatform {
  /** What the receipt shows, once it was verified. */
  verified: VerifiedReceipt | undefined;
  /** Why the receipt could not be judged here, if so. */
  failure: VelumError | undefined;
  readonly #plan: SavedHandOff;
  readonly #judge: (receipt: Uint8Array<ArrayBuffer>) => Promise<VerifiedReceipt>;
  readonly #options: HandOffOptions;
  readonly #events = new JobEvents(() => this.#wake?.());
  #wake: (() => void) | undefined;

  constructor(
    plan: SavedHandOff,
    engine: Engine<ReceiptCalls>,
    judged: Omit<ReceiptCalls["verify"]["input"], "receipt">,
    options: HandOffOptions,
  ) {
    super(options.signal);
    this.#plan = plan;
    // Sending moves the bytes to the worker, so each call sends copies.
    const copies = () => ({
      transcript: new Uint8Array(judged.transcript),
      payee: judged.payee === undefined ? undefined : new Uint8Array(judged.payee),
    });
    this.#judge = (receipt) => engine.call("verify", { ...judged, ...copies(), receipt: new Uint8Array(receipt) });
    this.#options = options;
    options.signal?.addEventListener("abort", this.#aborted);
  }

  /** Stops following the job's events and listening to the signal. */
  end(): void {
    this.#events.stop();
    this.#options.signal?.removeEventListener("abort", this.#aborted);
  }

  override sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const wait = this.#events.live ? Math.max(milliseconds, FOLLOWED_MS) : milliseconds;
      const woken = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(woken, wait);
      this.#wake = woken;
    });
  }

  async save(saved: string): Promise<void> {
    const at = JSON.parse(saved) as SavedHandOff["at"];
    await this.#options.save?.({ ...this.#plan, at });
  }

  async check(receipt: Uint8Array<ArrayBuffer>): Promise<void> {
    this.failure = undefined;
    try {
      this.verified = await this.#judge(receipt);
    } catch (reason) {
      if (reason instanceof VelumError && NO_JUDGEMENT.includes(reason.code)) this.failure = reason;
      throw reason;
    }
  }

  tell(progress: string): void {
    const { saved, status, trouble } = JSON.parse(progress) as Told;
    const market = this.#plan.markets[saved.market];
    if (market === undefined) return;
    const { url, id: job } = market;
    const follows = saved.step === "waiting" || saved.step === "committed";
    this.#events.follow(follows ? `${url.replace(/\/+$/u, "")}/v1/jobs/${job}/events` : undefined);
    const { onProgress } = this.#options;
    if (onProgress === undefined) return;
    const told = {
      market: url,
      job,
      step: saved.step,
      ...(status === null ? {} : { status }),
      ...(trouble === null ? {} : { trouble: { ...trouble, code: knownCode(trouble.code) } }),
    };
    // If the caller's function throws, the exception surfaces on the page. It must not pass through WebAssembly.
    queueMicrotask(() => onProgress(told));
  }

  readonly #aborted = (): void => this.#wake?.();
}
