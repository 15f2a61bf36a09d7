// Prepares proofs in the background until there are enough for every wanted shape. Only one tab does so at a time.

import type { ProverBase, Suite } from "@velum/prover";

import { exclusively, ifFree } from "../storage/locks.ts";
import { type Failure, failureOf, isCancelled } from "../failure.ts";
import { Store } from "../ui/store.ts";
import { Work } from "../ui/work.ts";
import type { Proof, Proofs } from "./proofs.ts";
import { type Shape, shapeRequest } from "./shape.ts";
import type { Card } from "./vault.ts";

const LOCK = "velum-wallet: filling the pool";

/** A shape, and how many prepared proofs of it to keep. */
export interface Wanted {
  readonly card: Card;
  readonly shape: Shape;
  readonly target: number;
}

export type Filling =
  | { readonly kind: "idle" }
  | { readonly kind: "paused" }
  | { readonly kind: "elsewhere" }
  | { readonly kind: "working"; readonly work: Work; readonly shape: Shape }
  | { readonly kind: "failed"; readonly failure: Failure };

export class Filler {
  readonly state = new Store<Filling>({ kind: "idle" });
  readonly #proofs: Proofs;
  readonly #prover: ProverBase;
  readonly #wanted: () => readonly Wanted[];
  #running = false;
  #again = false;
  #paused = false;
  #holds = 0;
  #current: Promise<void> = Promise.resolve();

  /** `wanted` is called again before every proof. The shape that it lists first is prepared first. */
  constructor(proofs: Proofs, prover: ProverBase, wanted: () => readonly Wanted[]) {
    this.#proofs = proofs;
    this.#prover = prover;
    this.#wanted = wanted;
  }

  /** Checks whether proofs are missing, and prepares them. Returns at once. */
  start(): void {
    this.#again = true;
    if (!this.#running && !this.#paused && this.#holds === 0) void this.#run();
  }

  /** Continues after the current proof was cancelled, or after a failure. */
  resume(): void {
    this.#paused = false;
    this.state.set({ kind: "idle" });
    this.start();
  }

  /**
   * Runs `work` after the current proof, and begins no other proof in the meantime, because both would wait for the
   * same worker. Fails if the current proof fails.
   */
  async holdBack<T>(work: () => Promise<T>): Promise<T> {
    this.#holds += 1;
    try {
      await this.#current;
      return await work();
    } finally {
      this.#holds -= 1;
      this.start();
    }
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      while (this.#again) {
        this.#again = false;
        const fill = (): Promise<void> => this.#fill();
        if (!(await ifFree(LOCK, fill))) {
          this.state.set({ kind: "elsewhere" });
          await exclusively(LOCK, fill);
        }
      }
      this.state.set({ kind: "idle" });
    } catch (error) {
      // The filler does not try again by itself, because it could then fail endlessly.
      this.#paused = true;
      this.state.set(isCancelled(error) ? { kind: "paused" } : { kind: "failed", failure: failureOf(error) });
    } finally {
      this.#running = false;
      this.#current = Promise.resolve();
    }
  }

  async #fill(): Promise<void> {
    for (let next = await this.#missing(); next !== undefined; next = await this.#missing()) {
      const work = new Work("Preparing a proof ahead of time");
      this.state.set({ kind: "working", work, shape: next.shape });
      this.#current = this.#prepare(next, work);
      await this.#current;
    }
  }

  async #prepare({ card, shape }: Wanted, work: Work): Promise<void> {
    await this.#proofs.add(shape, await prepareProof(this.#prover, card, shape, work));
  }

  async #missing(): Promise<Wanted | undefined> {
    for (const wanted of this.#wanted()) {
      if (this.#paused || this.#holds > 0) return undefined;
      if ((await this.#proofs.count(wanted.card, wanted.shape)) < wanted.target) return wanted;
    }
    return undefined;
  }
}

/** Makes the credential proof of a shape. This is the long part, which needs no session. */
export async function prepareProof(
  prover: ProverBase,
  card: Card,
  shape: Shape,
  work: Work,
  suite: Suite = "direct",
): Promise<Proof> {
  const input = { document: card.document, request: shapeRequest(card, shape), suite };
  const prepared = await prover.prepare(input, work.options);
  return { prepared, preparing: { ms: work.ms, stages: work.stages } };
}
