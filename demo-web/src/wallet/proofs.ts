// The stored prepared proofs. They are in the pool of the package, and are found by card and elements.

import { type Prepared, type ProverBase, type Purpose, VelumError } from "@velum/prover";
import { ProofPool } from "@velum/prover/pool";

import { Changes } from "../storage/changes.ts";
import type { StageTime } from "../time.ts";
import { type Shape, shapeKey, shapeRequest } from "./shape.ts";
import type { Card } from "./vault.ts";

export const DATABASE = "velum-wallet-proofs";

/** How long a proof took to prepare. */
export interface Preparing {
  readonly ms: number;
  readonly stages: readonly StageTime[];
}

/** A prepared proof, and how long it took, if this page knows. */
export interface Proof {
  readonly prepared: Prepared;
  readonly preparing: Preparing | undefined;
}

export class Proofs {
  readonly #pool = new ProofPool({ name: DATABASE });
  readonly #changes = new Changes(DATABASE);
  readonly #prover: ProverBase;
  /** The purpose of the proofs of each shape. It depends only on the card and the elements. */
  readonly #purposes = new Map<string, Promise<Purpose>>();
  /** How long the last proof of each shape took on this page. The pool does not store this. */
  readonly #lately = new Map<string, Preparing>();

  constructor(prover: ProverBase) {
    this.#prover = prover;
  }

  /** Calls `listener` whenever this tab or another one has added or taken a proof. */
  onChange(listener: () => void): void {
    this.#changes.listen(listener);
  }

  /** How many proofs of a shape there are. */
  async count(card: Card, shape: Shape): Promise<number> {
    return this.#pool.count(await this.#purpose(card, shape));
  }

  /**
   * Stores a proof. If there is no room, all other proofs are dropped: the pool fills up only with proofs for questions
   * that nobody asks any longer.
   */
  async add(shape: Shape, { prepared, preparing }: Proof): Promise<void> {
    try {
      await this.#pool.put(prepared);
    } catch (error) {
      if (!(error instanceof VelumError && error.code === "pool_full")) throw error;
      await this.#pool.clear();
      await this.#pool.put(prepared);
    }
    if (preparing !== undefined) this.#lately.set(shapeKey(shape), preparing);
    this.#changes.tell();
  }

  /** Takes a proof for good. Returns undefined if there is none. */
  async take(card: Card, shape: Shape): Promise<Proof | undefined> {
    const prepared = await this.#pool.take(await this.#purpose(card, shape));
    if (prepared === undefined) return undefined;
    this.#changes.tell();
    return { prepared, preparing: this.#lately.get(shapeKey(shape)) };
  }

  /** Drops the proofs of all cards except these. Each card comes with one of its shapes. */
  async sweep(held: readonly { readonly card: Card; readonly shape: Shape }[]): Promise<void> {
    const purposes = await Promise.all(held.map(({ card, shape }) => this.#purpose(card, shape)));
    const dropped = await this.#pool.sweep(purposes.map(({ document }) => document));
    if (dropped.length > 0) this.#changes.tell();
  }

  #purpose(card: Card, shape: Shape): Promise<Purpose> {
    const key = shapeKey(shape);
    const known = this.#purposes.get(key);
    if (known !== undefined) return known;
    const asked = this.#prover.purpose({ document: card.document, request: shapeRequest(card, shape) });
    this.#purposes.set(key, asked);
    // A purpose that could not be determined is asked for again.
    asked.catch(() => this.#purposes.delete(key));
    return asked;
  }
}
