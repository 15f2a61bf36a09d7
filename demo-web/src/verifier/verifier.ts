// The verifier: asks, and judges the answer by its own request and its own session. It never sees a document.

import type { Learnt, Request } from "@velum/prover";
import type { Verifier as PackageVerifier } from "@velum/prover/verify";

import type { Answer, Asked, Measured } from "../exchange/messages.ts";
import { newNonce, sessionTranscript } from "../exchange/session.ts";
import { type Failure, failureOf } from "../failure.ts";
import { Store } from "../ui/store.ts";
import { Work } from "../ui/work.ts";
import { issuerIndex } from "./envelope.ts";
import type { Evidence, Tampering } from "./tamper.ts";

/** What checks answers: the verifier of `@velum/prover/verify`. */
export type Checker = Pick<PackageVerifier, "ready" | "verify">;

export interface Accepted {
  readonly evidence: Evidence;
  readonly facts: readonly Learnt[];
  readonly issuerName: string;
  readonly verifyMs: number;
  readonly measured: Measured;
}

export type Verdict =
  | { readonly kind: "none" }
  | { readonly kind: "waiting" }
  | { readonly kind: "verifying"; readonly work: Work }
  | { readonly kind: "declined" }
  | { readonly kind: "accepted"; readonly accepted: Accepted }
  | { readonly kind: "refused"; readonly failure: Failure };

/** What came of tampering: a refusal, or the alarm that there was none. */
export interface Attempt {
  readonly tampering: Tampering;
  readonly refusal: Failure | undefined;
}

/** A trusted issuer of a request, by name. */
export interface Trusted {
  readonly name: string;
  readonly root: string;
}

export class Verifier {
  readonly verdict = new Store<Verdict>({ kind: "none" });
  readonly attempts = new Store<readonly Attempt[]>([]);
  readonly #checker: Checker;
  readonly #origin: string;
  readonly #ask: (asked: Asked) => Promise<Answer>;
  #session = 0;

  constructor(checker: Checker, origin: string, ask: (asked: Asked) => Promise<Answer>) {
    this.#checker = checker;
    this.#origin = origin;
    this.#ask = ask;
  }

  /** Asks the wallet in a new session and judges its answer. `trusted` are the issuers of the request, in its order. */
  async ask(request: Request, trusted: readonly Trusted[]): Promise<void> {
    this.#session += 1;
    const session = this.#session;
    const show = (verdict: Verdict): void => {
      if (session === this.#session) this.verdict.set(verdict);
    };
    this.attempts.set([]);
    show({ kind: "waiting" });
    try {
      // Loaded while the holder decides; should that fail, verifying says so.
      this.#checker.ready().catch(() => undefined);
      const nonce = newNonce();
      const answer = await this.#ask({ origin: this.#origin, nonce, request: JSON.stringify(request) });
      if (answer.kind === "declined") {
        show({ kind: "declined" });
        return;
      }
      const work = new Work("Verifying");
      show({ kind: "verifying", work });
      const transcript = await sessionTranscript(this.#origin, nonce);
      const evidence: Evidence = { presentation: answer.presentation, transcript, request };
      show({ kind: "accepted", accepted: await this.#judge(evidence, trusted, answer.measured, work) });
    } catch (error) {
      show({ kind: "refused", failure: failureOf(error) });
    }
  }

  /** Judges a changed version of what was accepted. */
  async tamper(tampering: Tampering): Promise<void> {
    const verdict = this.verdict.value;
    if (verdict.kind !== "accepted") return;
    const changed = await tampering.apply(verdict.accepted.evidence, this.#origin);
    let refusal: Failure | undefined;
    try {
      await this.#checker.verify(changed);
    } catch (error) {
      refusal = failureOf(error);
    }
    if (this.verdict.value !== verdict) return;
    const others = this.attempts.value.filter((attempt) => attempt.tampering !== tampering);
    this.attempts.set([{ tampering, refusal }, ...others]);
  }

  async #judge(
    evidence: Evidence,
    trusted: readonly Trusted[],
    measured: Measured,
    { options }: Work,
  ): Promise<Accepted> {
    const { facts, ms } = await this.#checker.verify(evidence, options);
    const issuer = trusted[issuerIndex(evidence.presentation) ?? -1];
    return { evidence, facts, issuerName: issuer?.name ?? "A trusted authority", verifyMs: ms, measured };
  }
}
