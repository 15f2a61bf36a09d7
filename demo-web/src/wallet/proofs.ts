// Prepared proofs in store: those of the package's pool, found by card and elements.

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

/** A prepared proof, and how long it took, where this page knows. */
export interface Proof {
  readonly prepared: Prepared;
  readonly preparing: Preparing | undefined;
}

export class Proofs {
  readonly #pool = new ProofPool({ name: DATABASE });
  readonly #changes = new Changes(DATABASE);
  readonly #prover: ProverBase;
  /** What proofs of each shape are for. It follows from the card alone. */
  readonly #purposes = new Map<string, Promise<Purpose>>();
  /** How long the last proof of each shape took on this page: the pool does not keep that. */
  readonly #lately = new Map<string, Preparing>();

  constructor(prover: ProverBase) {
    this.#prover = prover;
  }

  /** Calls `listener` whenever this or another tab added or took a proof. */
  onChange(listener: () => void): void {
    this.#changes.listen(listener);
  }

  /** How many proofs there are of a shape. */
  async count(card: Card, shape: Shape): Promise<number> {
    return this.#pool.count(await this.#purpose(card, shape));
  }

  /** Keeps a proof. Where there is no room, all others go: they are of questions that nobody asks any longer. */
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

  /** Takes a proof for good; none if there is none. */
  async take(card: Card, shape: Shape): Promise<Proof | undefined> {
    const prepared = await this.#pool.take(await this.#purpose(card, shape));
    if (prepared === undefined) return undefined;
    this.#changes.tell();
    return { prepared, preparing: this.#lately.get(shapeKey(shape)) };
  }

  /** Drops the proofs of all cards but these, each named with a shape of its own. */
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
    // What could not be told is asked again.
    asked.catch(() => this.#purposes.delete(key));
    return asked;
  }
}
