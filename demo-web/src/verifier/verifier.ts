// The verifier: asks, and judges the answer by its own request and its own session. It never sees a document.

import type { ErrorCode, Learnt, Request } from "@velum/prover";
import type { Verifier as PackageVerifier } from "@velum/prover/verify";

import type { Answer, Asked, Measured } from "../exchange/messages.ts";
import { newNonce, sessionTranscript } from "../exchange/session.ts";
import { type Failure, failureOf } from "../failure.ts";
import { Store } from "../ui/store.ts";
import { issuerIndex } from "./envelope.ts";
import type { Evidence, Tampering } from "./tamper.ts";

/** What checks answers: the verifier of `@velum/prover/verify`. */
export type Checker = Pick<PackageVerifier, "ready" | "verify">;

export interface Accepted {
  readonly evidence: Evidence;
  readonly facts: readonly Learnt[];
  readonly trusted: readonly Trusted[];
  readonly issuerName: string;
  readonly verifyMs: number;
  readonly measured: Measured;
}

export type Verdict =
  | { readonly kind: "none" }
  | { readonly kind: "waiting" }
  | { readonly kind: "verifying" }
  | { readonly kind: "declined" }
  | { readonly kind: "accepted"; readonly accepted: Accepted }
  | { readonly kind: "refused"; readonly failure: Failure };

/** What came of tampering. `unjudged` is no verdict: what judges it did not work. */
export type Attempt = { readonly tampering: Tampering; readonly request: Request } & (
  | { readonly kind: "refused"; readonly failure: Failure }
  | { readonly kind: "accepted" }
  | { readonly kind: "unjudged"; readonly failure: Failure }
);

/** A trusted issuer of a request, by name. */
export interface Trusted {
  readonly name: string;
  readonly root: string;
}

/** The one code by which a proof itself is refused: any other tells that something did not work. */
const REFUSED: ErrorCode = "proof_invalid";

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
      show({ kind: "verifying" });
      const transcript = await sessionTranscript(this.#origin, nonce);
      const evidence: Evidence = { presentation: answer.presentation, transcript, request };
      show({ kind: "accepted", accepted: await this.#judge(evidence, trusted, answer.measured) });
    } catch (error) {
      show({ kind: "refused", failure: failureOf(error) });
    }
  }

  /** Judges a changed version of what was accepted. */
  async tamper(tampering: Tampering): Promise<void> {
    const verdict = this.verdict.value;
    if (verdict.kind !== "accepted") return;
    const attempt = await this.#attempt(tampering, verdict.accepted.evidence);
    if (this.verdict.value !== verdict) return;
    const others = this.attempts.value.filter((other) => other.tampering !== tampering);
    this.attempts.set([...others, attempt]);
  }

  /** Puts the request of an attempt to the wallet. */
  async askAnew({ request }: Attempt): Promise<void> {
    const verdict = this.verdict.value;
    if (verdict.kind === "accepted") await this.ask(request, verdict.accepted.trusted);
  }

  async #attempt(tampering: Tampering, evidence: Evidence): Promise<Attempt> {
    const changed = await tampering.apply(evidence, this.#origin);
    const { request } = changed;
    try {
      await this.#checker.verify(changed);
      return { tampering, request, kind: "accepted" };
    } catch (error) {
      const failure = failureOf(error);
      return { tampering, request, kind: failure.code === REFUSED ? "refused" : "unjudged", failure };
    }
  }

  async #judge(evidence: Evidence, trusted: readonly Trusted[], measured: Measured): Promise<Accepted> {
    const { facts, ms } = await this.#checker.verify(evidence);
    const issuer = trusted[issuerIndex(evidence.presentation) ?? -1];
    const issuerName = issuer?.name ?? "A trusted authority";
    return { evidence, facts, trusted, issuerName, verifyMs: ms, measured };
  }
}
