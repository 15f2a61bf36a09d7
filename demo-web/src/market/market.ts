// Handing what the verifier has accepted to a market, which folds it with others and gives a receipt. The verifier pays, with demo money: its account tells
// nothing of whose proofs it hands in.

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

/** Where `./x market` listens. */
export const USUAL_MARKET = "http://127.0.0.1:8460/";

/** Demo money that is deposited before each job. */
const MONEY = 100_000;

/** How many times the market's floor is offered at most. */
const GENEROSITY = 10;

/** A receipt that was checked here. */
export interface Given {
  readonly receipt: Bytes;
  readonly market: string;
  /** Presentations that its aggregate counts. */
  readonly count: number;
  readonly provenBits: number;
  readonly learnt: readonly string[];
  /** Milliseconds that checking took. */
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

  /** Forgets what was handed in of another answer, and takes it back where that can be. */
  reset(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.handing.set({ kind: "none" });
  }

  /** Hands an answer like the accepted one to the market at a URL. */
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
      // Before the holder is troubled.
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

  /** Takes the job back, unless some provider has it already. */
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
