// The verifier. It asks, and judges the answer against its own request and its own session. It never sees a document.

import type { ErrorCode, Learnt, Request } from "@velum/prover";
import type { Verifier as PackageVerifier } from "@velum/prover/verify";

import type { Bytes } from "../bytes.ts";
import type { Answer, Asked, Measured } from "../exchange/messages.ts";
import { questionMessage } from "../exchange/question-message.ts";
import { newNonce, sessionTranscript } from "../exchange/session.ts";
import { type Failure, failureOf, Refusal } from "../failure.ts";
import { timestamp } from "../time.ts";
import { Store } from "../ui/store.ts";
import { issuerIndex } from "./envelope.ts";
import type { Evidence, Tampering } from "./tamper.ts";

/** Checks answers: the verifier of `@velum/prover/verify`. */
export type Checker = Pick<PackageVerifier, "ready" | "verify">;

export interface Accepted {
  readonly evidence: Evidence;
  readonly facts: readonly Learnt[];
  readonly trusted: readonly Trusted[];
  readonly issuerName: string;
  readonly verifyMs: number;
  /** When the answer was accepted, in milliseconds since 1970. */
  readonly at: number;
  /** What the wallet of this page reports. Another device reports nothing. */
  readonly measured: Measured | undefined;
}

export type Verdict =
  | { readonly kind: "none" }
  | { readonly kind: "waiting" }
  /** The question is to be taken to another device. `failure` says why an answer from there was refused. */
  | { readonly kind: "elsewhere"; readonly question: Bytes; readonly failure?: Failure }
  | { readonly kind: "verifying" }
  | { readonly kind: "declined" }
  | { readonly kind: "accepted"; readonly accepted: Accepted }
  | { readonly kind: "refused"; readonly failure: Failure };

/** The outcome of tampering. `unjudged` is not a verdict: the check itself did not work. */
export type Attempt = { readonly tampering: Tampering; readonly request: Request } & (
  | { readonly kind: "refused"; readonly failure: Failure }
  | { readonly kind: "accepted" }
  | { readonly kind: "unjudged"; readonly failure: Failure }
);

/** A trusted issuer of a request, with its name. */
export interface Trusted {
  readonly name: string;
  readonly root: string;
}

/** A question to another device that has not been answered yet. */
interface Open {
  readonly asked: Asked;
  readonly request: Request;
  readonly trusted: readonly Trusted[];
}

type Show = (verdict: Verdict) => void;

/** A wallet treats the time of a request as now if it differs from the clock by no more than this. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

/** The only code that means that the proof itself is refused. Any other code means that something did not work. */
const REFUSED: ErrorCode = "proof_invalid";

export class Verifier {
  readonly verdict = new Store<Verdict>({ kind: "none" });
  readonly attempts = new Store<readonly Attempt[]>([]);
  readonly #checker: Checker;
  readonly #origin: string;
  readonly #ask: (asked: Asked) => Promise<Answer>;
  #session = 0;
  /** Forgotten when its answer is accepted, so that a question is answered only once. */
  #open: Open | undefined;

  constructor(checker: Checker, origin: string, ask: (asked: Asked) => Promise<Answer>) {
    this.#checker = checker;
    this.#origin = origin;
    this.#ask = ask;
  }

  /**
   * Asks the wallet in a new session and judges its answer. `trusted` contains the issuers of the request, in the same
   * order.
   */
  async ask(request: Request, trusted: readonly Trusted[]): Promise<void> {
    const show = this.#begin();
    show({ kind: "waiting" });
    try {
      const asked = this.#asked(request);
      const answer = await this.#ask(asked);
      if (answer.kind === "declined") {
        show({ kind: "declined" });
        return;
      }
      show({ kind: "verifying" });
      const evidence = await evidenceOf(asked, request, answer.presentation);
      show({ kind: "accepted", accepted: await this.#judge(evidence, trusted, answer.measured) });
    } catch (error) {
      show({ kind: "refused", failure: failureOf(error) });
    }
  }

  /** Asks another device in a new session. Its answer is passed to {@link receive}. */
  askElsewhere(request: Request, trusted: readonly Trusted[]): void {
    const show = this.#begin();
    const asked = this.#asked(request);
    this.#open = { asked, request, trusted };
    show({ kind: "elsewhere", question: questionMessage(asked) });
  }

  /** Judges an answer from another device against the question that was kept. */
  async receive(presentation: Bytes): Promise<void> {
    const open = this.#open;
    if (open === undefined) {
      throw new Refusal("no_question", "verifier", "no question is open; ask one, and have the wallet answer it");
    }
    const { asked, request, trusted } = open;
    const show = this.#ofSession();
    show({ kind: "verifying" });
    try {
      const evidence = await evidenceOf(asked, request, presentation);
      const accepted = await this.#judge(evidence, trusted, undefined);
      if (this.#open !== open) return;
      this.#open = undefined;
      show({ kind: "accepted", accepted });
    } catch (error) {
      show({ kind: "elsewhere", question: questionMessage(asked), failure: failureOf(error) });
    }
  }

  /** Judges a changed version of the accepted answer. */
  async tamper(tampering: Tampering): Promise<void> {
    const verdict = this.verdict.value;
    if (verdict.kind !== "accepted") return;
    const attempt = await this.#attempt(tampering, verdict.accepted.evidence);
    if (this.verdict.value !== verdict) return;
    const others = this.attempts.value.filter((other) => other.tampering !== tampering);
    this.attempts.set([...others, attempt]);
  }

  /** Puts the request of an attempt to the wallet that answered. */
  async askAnew({ request }: Attempt): Promise<void> {
    const verdict = this.verdict.value;
    if (verdict.kind !== "accepted") return;
    const { trusted, measured } = verdict.accepted;
    if (measured === undefined) this.askElsewhere(request, trusted);
    else await this.ask(request, trusted);
  }

  /**
   * Asks the wallet that answered for another answer to the same request, which may be handed to a market. If the
   * request was about the time at which it was answered, it now asks about the present time. Returns undefined if the
   * holder declines. Whatever the outcome, the accepted answer stays accepted.
   */
  async askForMarket({ evidence, at }: Accepted): Promise<Evidence | undefined> {
    const { now } = evidence.request;
    const wasOfThen = Math.abs(Date.parse(now) - at) < CLOCK_TOLERANCE_MS;
    const request = { ...evidence.request, now: wasOfThen ? timestamp(new Date()) : now };
    const asked = { ...this.#asked(request), forMarket: true };
    const answer = await this.#ask(asked);
    if (answer.kind === "declined") return undefined;
    const answered = await evidenceOf(asked, request, answer.presentation);
    await this.#checker.verify({ ...answered, suites: ["aggregatable"] });
    return answered;
  }

  /** Begins a session. From then on, nothing of an earlier session is shown. */
  #begin(): Show {
    this.#session += 1;
    this.#open = undefined;
    this.attempts.set([]);
    // The verifier is loaded while the holder decides. If loading fails, verification reports it.
    this.#checker.ready().catch(() => undefined);
    return this.#ofSession();
  }

  #ofSession(): Show {
    const session = this.#session;
    return (verdict) => {
      if (session === this.#session) this.verdict.set(verdict);
    };
  }

  #asked(request: Request): Asked {
    return { origin: this.#origin, nonce: newNonce(), request: JSON.stringify(request) };
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

  async #judge(evidence: Evidence, trusted: readonly Trusted[], measured: Measured | undefined): Promise<Accepted> {
    const { facts, ms } = await this.#checker.verify(evidence);
    const issuer = trusted[issuerIndex(evidence.presentation) ?? -1];
    const issuerName = issuer?.name ?? "A trusted authority";
    return { evidence, facts, trusted, issuerName, verifyMs: ms, at: Date.now(), measured };
  }
}

async function evidenceOf({ origin, nonce }: Asked, request: Request, presentation: Bytes): Promise<Evidence> {
  return { presentation, transcript: await sessionTranscript(origin, nonce), request };
}
