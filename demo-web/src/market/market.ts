// Hands what the verifier has accepted to a market, which folds it with others and returns a receipt. The verifier
// pays, with demo money. Its account reveals nothing about whose proofs it hands in.

import {
  type Estimate,
  type HandOffProgress,
  type Market as PackageMarket,
  MarketClient,
  type MarketInput,
} from "@velum/prover/market";

import { copyOf, type Bytes } from "../bytes.ts";
import { type Failure, failureOf, isCancelled } from "../failure.ts";
import { Store } from "../ui/store.ts";
import type { Evidence } from "../verifier/tamper.ts";
import type { Accepted } from "../verifier/verifier.ts";

/** The address at which `./x market` listens. */
export const USUAL_MARKET = "http://127.0.0.1:8460/";

/** The demo money that is deposited before each job. */
const MONEY = 100_000;

/**
 * The maximum that is offered, as a multiple of the market's floor. If the estimated price is higher, that price is
 * offered instead.
 */
const GENEROSITY = 10;

/** A receipt that was checked on this page. */
export interface Given {
  readonly receipt: Bytes;
  readonly market: string;
  /** The number of presentations that its aggregate counts. */
  readonly count: number;
  readonly provenBits: number;
  readonly learnt: readonly string[];
  /** The duration of the check, in milliseconds. */
  readonly verifyMs: number;
  readonly paid: number | undefined;
}

export type Handing =
  | { readonly kind: "none" }
  /** The request may not be handed to others. */
  | { readonly kind: "keptBack"; readonly reasons: readonly string[] }
  | { readonly kind: "asking" }
  | { readonly kind: "declined" }
  | {
      readonly kind: "handing";
      readonly estimate: Estimate | undefined;
      readonly maximum: number | undefined;
      readonly progress: HandOffProgress | undefined;
    }
  | { readonly kind: "takenBack" }
  | { readonly kind: "given"; readonly given: Given }
  | { readonly kind: "failed"; readonly failure: Failure };

export class Market {
  readonly handing = new Store<Handing>({ kind: "none" });
  readonly #client: MarketClient;
  readonly #askWallet: (accepted: Accepted) => Promise<Evidence | undefined>;
  readonly #key = MarketClient.generateKey();
  #abort = new AbortController();

  constructor(client: MarketClient, askWallet: (accepted: Accepted) => Promise<Evidence | undefined>) {
    this.#client = client;
    this.#askWallet = askWallet;
  }

  /** Forgets the job of an earlier answer, and takes it back if that is still possible. */
  reset(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.handing.set({ kind: "none" });
  }

  /** Asks the wallet for an answer like the accepted one, and hands it to the market at `url`. */
  async handIn(accepted: Accepted, url: string): Promise<void> {
    this.reset();
    const { signal } = this.#abort;
    const show = (handing: Handing): void => {
      if (this.#abort.signal === signal) this.handing.set(handing);
    };
    try {
      const { allowed, reasons } = await this.#client.mayHandOff(accepted.evidence.request);
      if (!allowed) {
        show({ kind: "keptBack", reasons });
        return;
      }
      // The market is opened first, so that the holder is not asked in vain.
      const market = await this.#client.open({ url, key: this.#key }, { signal });
      show({ kind: "asking" });
      const evidence = await this.#askWallet(accepted);
      if (evidence === undefined) {
        show({ kind: "declined" });
        return;
      }
      show({ kind: "handing", estimate: undefined, maximum: undefined, progress: undefined });
      show({ kind: "given", given: await this.#handOff(market, evidence, show, signal) });
    } catch (error) {
      show(isCancelled(error) ? { kind: "takenBack" } : { kind: "failed", failure: failureOf(error) });
    }
  }

  /** Takes the job back, if the market still allows it. */
  takeBack(): void {
    this.#abort.abort();
  }

  async #handOff(
    market: PackageMarket,
    evidence: MarketInput,
    show: (handing: Handing) => void,
    signal: AbortSignal,
  ): Promise<Given> {
    await market.deposit(MONEY, { signal });
    const usual = { profile: "standard", minimum: 1, maximum: 1 } as const;
    const estimate = await market.quote({ ...evidence, offer: usual }, { signal });
    const maximum = Math.max(estimate.floor * GENEROSITY, estimate.price);
    const offer = { ...usual, minimum: estimate.floor, maximum };
    let paid: number | undefined;
    const onProgress = (progress: HandOffProgress): void => {
      paid = progress.status?.paid ?? paid;
      show({ kind: "handing", estimate, maximum, progress });
    };
    show({ kind: "handing", estimate, maximum, progress: undefined });
    const given = await this.#client.handOff({ ...evidence, markets: [market], offer }, { signal, onProgress });
    const { count, provenBits, learnt, ms } = given.verified;
    return {
      receipt: copyOf(given.receipt),
      market: given.market,
      count,
      provenBits,
      learnt,
      verifyMs: ms,
      paid,
    };
  }
}
