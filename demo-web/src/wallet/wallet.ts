// The wallet. It keeps cards and answers requests. Data of a document leaves the wallet only through `#answer`, after
// consent.

import type { DocumentSummary, Explanation, ProverBase, Request } from "@velum/prover";

import { copyOf, type Bytes } from "../bytes.ts";
import { kindOf } from "../documents.ts";
import type { Answer, Asked } from "../exchange/messages.ts";
import { readQuestion } from "../exchange/question-message.ts";
import { sessionTranscript } from "../exchange/session.ts";
import type { Enrolment, Issued, Recipient } from "../exchange/issuance.ts";
import { type Failure, failureOf, Refusal } from "../failure.ts";
import { stageLabel } from "../time.ts";
import { Store } from "../ui/store.ts";
import { Work } from "../ui/work.ts";
import { makeDeviceKey, publicPoint, sign } from "./device-key.ts";
import { Filler, prepareProof, type Wanted } from "./filler.ts";
import { Proofs } from "./proofs.ts";
import { sameShape, type Shape, shapeOf, usualShape } from "./shape.ts";
import type { Card, Vault } from "./vault.ts";

/** A card, with a summary of its document. */
export interface ShownCard {
  readonly card: Card;
  readonly summary: DocumentSummary;
}

/** One line of the pool: a shape, and how many proofs of it are ready. */
export interface PoolLine {
  readonly shape: Shape;
  readonly ready: number;
  readonly target: number;
}

/** A request that waits for the holder's decision. */
export interface Pending {
  readonly asked: Asked;
  readonly request: Request;
  readonly card: Card;
  readonly shape: Shape;
  readonly explanation: Explanation;
  /** Whether the time of the request is so far from the clock that answering could reveal dates of the document. */
  readonly offClock: boolean;
  /**
   * Whether the request came from another device. Then nothing vouches for its origin, and the holder takes the answer
   * to that device.
   */
  readonly isHandedOver: boolean;
}

export type Conversation =
  | { readonly kind: "none" }
  | { readonly kind: "reading" }
  | { readonly kind: "unanswerable"; readonly failure: Failure }
  | { readonly kind: "consent"; readonly pending: Pending; readonly failure?: Failure }
  | { readonly kind: "answering"; readonly work: Work }
  /** `presentation` is present if the question came from another device, to which the holder takes it. */
  | { readonly kind: "presented"; readonly ahead: boolean; readonly presentation?: Bytes }
  | { readonly kind: "declined"; readonly isHandedOver: boolean };

/** A request that is being handled. A new request takes its place and ends it. */
interface Exchange {
  /** Whether the request came from another device. */
  readonly isHandedOver: boolean;
  readonly end: (answer: Answer) => void;
  /** Aborts the work for the request. */
  abort: AbortController;
}

type Presented = Extract<Answer, { kind: "presented" }>;

/** Begins a step of an answer. Throws if the answer was cancelled. */
type Step = (label: string) => Work;

/**
 * How many prepared proofs to keep of each usual shape and of each shape that was asked for here before, and how many
 * of the latter shapes to remember.
 */
const USUAL_TARGET = 2;
const ASKED_TARGET = 1;
const ASKED_REMEMBERED = 3;
/** The package refuses a larger difference, unless it is told to answer for any time. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

export class Wallet implements Recipient {
  readonly cards = new Store<readonly ShownCard[]>([]);
  readonly pool = new Store<readonly PoolLine[]>([]);
  readonly conversation = new Store<Conversation>({ kind: "none" });
  /** Why the wallet cannot show its contents. */
  readonly trouble = new Store<Failure | undefined>(undefined);
  readonly filler: Filler;
  readonly #vault: Vault;
  readonly #prover: ProverBase;
  readonly #proofs: Proofs;
  #askedBefore: readonly Shape[] = [];
  #exchange: Exchange | undefined;

  constructor(vault: Vault, prover: ProverBase) {
    this.#vault = vault;
    this.#prover = prover;
    this.#proofs = new Proofs(prover);
    this.filler = new Filler(this.#proofs, prover, () => this.#byUrgency());
    vault.onChange(() => void this.refresh());
    this.#proofs.onChange(() => void this.refresh());
  }

  /** Reads the wallet's contents, and drops the proofs of cards that are gone. */
  async start(): Promise<void> {
    await this.#read(async () => {
      await this.#look();
      await this.#proofs.sweep(this.#wanted());
    });
  }

  /** Reads the wallet's contents, after a change in this tab or another one. */
  async refresh(): Promise<void> {
    await this.#read(() => this.#look());
  }

  async #read(read: () => Promise<void>): Promise<void> {
    try {
      await read();
      this.trouble.set(undefined);
    } catch (error) {
      this.trouble.set(failureOf(error));
    }
    this.filler.start();
  }

  async #look(): Promise<void> {
    const cards = await this.#vault.cards();
    const known = this.cards.value;
    if (cards.map(({ id }) => id).join() !== known.map(({ card }) => card.id).join()) {
      this.cards.set(await Promise.all(cards.map((card) => this.#shown(card))));
      await this.#proofs.sweep(this.#wanted());
    }
    const wanted = this.#wanted();
    const ready = await Promise.all(wanted.map(({ card, shape }) => this.#proofs.count(card, shape)));
    this.pool.set(wanted.map(({ shape, target }, index) => ({ shape, target, ready: ready[index] ?? 0 })));
  }

  async enrol(): Promise<Enrolment> {
    const deviceKey = await makeDeviceKey();
    const devicePoint = await publicPoint(deviceKey);
    return { devicePoint, receive: (issued) => this.#keep(issued, deviceKey) };
  }

  async #keep({ docType, document, authority }: Issued, deviceKey: CryptoKeyPair): Promise<void> {
    const { name: issuerName, root: issuerRoot } = authority;
    await this.#vault.keep({ id: crypto.randomUUID(), docType, document, deviceKey, issuerName, issuerRoot });
    await this.refresh();
  }

  /** Receives a request. The answer comes when the holder has decided. A request that is still open is declined. */
  receive(asked: Asked): Promise<Answer> {
    return this.#receive(asked, false);
  }

  /** Receives a question from another device. The holder takes the answer to that device. */
  receiveMessage(message: Bytes): void {
    void this.#receive(readQuestion(message), true);
  }

  #receive(asked: Asked, isHandedOver: boolean): Promise<Answer> {
    this.#exchange?.abort.abort();
    this.#exchange?.end({ kind: "declined" });
    return new Promise((resolve) => {
      const exchange: Exchange = { isHandedOver, end: resolve, abort: new AbortController() };
      this.#exchange = exchange;
      void this.#consider(asked, exchange);
    });
  }

  /** Called when the holder agrees. With `anyClock`, the holder also agrees to an answer for a time other than now. */
  async consent(anyClock: boolean): Promise<void> {
    const conversation = this.conversation.value;
    const exchange = this.#exchange;
    if (conversation.kind !== "consent" || exchange === undefined) return;
    const { pending } = conversation;
    // The request may have been open for a long time.
    const offClock = isOffClock(pending.request);
    if (offClock && !anyClock) {
      this.conversation.set({ kind: "consent", pending: { ...pending, offClock } });
      return;
    }
    const show = (next: Conversation): void => {
      if (this.#exchange === exchange) this.conversation.set(next);
    };
    const step: Step = (label) => {
      if (exchange.abort.signal.aborted) throw new Refusal("cancelled", "wallet", "the answer was cancelled");
      const work = new Work(label, exchange.abort);
      show({ kind: "answering", work });
      return work;
    };
    try {
      const filling = this.filler.state.value;
      if (filling.kind === "working") show({ kind: "answering", work: filling.work });
      const answer = await this.filler.holdBack(() => this.#answer(pending, anyClock, step));
      if (this.#exchange !== exchange) return;
      const { presentation, measured } = answer;
      const toTake = exchange.isHandedOver ? { presentation } : {};
      this.#finish(answer, { kind: "presented", ahead: measured.ahead, ...toTake });
    } catch (error) {
      exchange.abort = new AbortController();
      show({ kind: "consent", pending, failure: failureOf(error) });
    }
  }

  /** Called when the holder is done with an answer for another device. */
  putAway(): void {
    if (this.conversation.value.kind === "presented") this.conversation.set({ kind: "none" });
  }

  decline(): void {
    this.#finish({ kind: "declined" }, { kind: "declined", isHandedOver: this.#exchange?.isHandedOver ?? false });
  }

  #finish(answer: Answer, next: Conversation): void {
    this.conversation.set(next);
    this.#exchange?.end(answer);
    this.#exchange = undefined;
  }

  async #consider(asked: Asked, exchange: Exchange): Promise<void> {
    this.conversation.set({ kind: "reading" });
    let next: Conversation;
    try {
      const pending = await this.#weigh(asked, exchange.isHandedOver);
      // A request that cannot be answered needs no prepared proofs.
      if (pending.explanation.predicates.every(({ holds }) => holds)) this.#remember(pending.shape);
      next = { kind: "consent", pending };
    } catch (error) {
      next = { kind: "unanswerable", failure: failureOf(error) };
    }
    if (this.#exchange !== exchange) return;
    this.conversation.set(next);
    // If no proof is ready for this request, one is prepared while the holder reads.
    await this.refresh();
  }

  async #weigh(asked: Asked, isHandedOver: boolean): Promise<Pending> {
    const request = parsed(asked.request);
    const card = this.#cardFor(request.doc_type);
    const explanation = await this.#prover.explain(asked.request, card.document);
    const shape = shapeOf(card, request);
    return { asked, request, card, shape, explanation, offClock: isOffClock(request), isHandedOver };
  }

  #cardFor(docType: string): Card {
    const card = this.cards.value.find(({ card: { docType: held } }) => held === docType)?.card;
    if (card !== undefined) return card;
    const title = kindOf(docType)?.title.toLowerCase() ?? `document of type ${docType}`;
    throw new Refusal("doc_type", "wallet", `there is no ${title} in this wallet; have one issued, then ask again`);
  }

  async #answer(pending: Pending, anyClock: boolean, step: Step): Promise<Presented> {
    const { asked, card, shape } = pending;
    step("Signing for this session");
    const transcript = await sessionTranscript(asked.origin, asked.nonce);
    const document = await this.#signed(card, transcript);
    const session = { document, transcript, request: asked.request, clock: anyClock ? ("any" as const) : new Date() };
    // The check comes first, because a proof that has been taken is gone, whether or not it can answer.
    await this.#prover.check(session, step("Checking that it can be answered").options);
    step("Taking a prepared proof");
    // Proofs for markets are made in another suite, and none are kept ready.
    const [suite, kept] =
      asked.forMarket === true ? ["aggregatable" as const] : ["direct" as const, await this.#proofs.take(card, shape)];
    const proof = kept ?? (await prepareProof(this.#prover, card, shape, step("Preparing a proof"), suite));
    const { options } = step("Making the presentation");
    const presentation = await this.#prover.present({ prepared: proof.prepared, ...session }, options);
    return {
      kind: "presented",
      presentation: copyOf(presentation.bytes),
      measured: {
        preparing: proof.preparing,
        ahead: kept !== undefined,
        presentMs: presentation.ms,
        presentStages: presentation.timings.map(({ stage, device, ms }) => ({ stage: stageLabel(stage, device), ms })),
      },
    };
  }

  /** The document with the device's signature for this session. */
  async #signed(card: Card, transcript: Bytes): Promise<Bytes> {
    const { document, docType, deviceKey } = card;
    const message = await this.#prover.deviceAuthenticationBytes({ document, docType, transcript });
    const signature = await sign(deviceKey, copyOf(message));
    return copyOf(await this.#prover.withDeviceSignature({ document, docType, signature }));
  }

  async #shown(card: Card): Promise<ShownCard> {
    const [summary] = await this.#prover.inspect(card.document);
    if (summary === undefined || "error" in summary)
      throw new Error("the wallet cannot read the document of a card; have the document issued again");
    return { card, summary };
  }

  #wanted(): Wanted[] {
    return this.cards.value.flatMap(({ card }) => {
      const usual = (kindOf(card.docType)?.usual ?? []).map((ids) => ({
        card,
        shape: usualShape(card, ids),
        target: USUAL_TARGET,
      }));
      const asked = this.#askedBefore
        .filter((shape) => shape.card === card.id && !usual.some((other) => sameShape(other.shape, shape)))
        .map((shape) => ({ card, shape, target: ASKED_TARGET }));
      return [...usual, ...asked];
    });
  }

  /** The wanted proofs. Proofs for an open request come first. */
  #byUrgency(): Wanted[] {
    const conversation = this.conversation.value;
    const wanted = this.#wanted();
    if (conversation.kind !== "consent") return wanted;
    const isUrgent = ({ shape }: Wanted): boolean => sameShape(shape, conversation.pending.shape);
    return [...wanted.filter(isUrgent), ...wanted.filter((line) => !isUrgent(line))];
  }

  #remember(shape: Shape): void {
    const others = this.#askedBefore.filter((other) => !sameShape(other, shape));
    this.#askedBefore = [shape, ...others].slice(0, ASKED_REMEMBERED);
  }
}

/** Parses a request. `explain` then checks everything in it. */
function parsed(request: string): Request {
  try {
    return JSON.parse(request) as Request;
  } catch (cause) {
    throw new Refusal("malformed", "request", `it is not JSON (${String(cause)}); the verifier has to ask again`);
  }
}

function isOffClock({ now }: Request): boolean {
  return Math.abs(Date.parse(now) - Date.now()) > CLOCK_TOLERANCE_MS;
}
