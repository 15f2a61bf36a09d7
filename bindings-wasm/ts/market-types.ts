// The data that a client and markets exchange, in the JSON forms of docs/market-api.yaml.

import type { ErrorCode } from "./errors.js";
import type { AbortOptions, Presentation, Profile, RequestInput, VerifiedReceipt } from "./types.js";

/** What is handed to a market. Whoever aggregates reads all of it: see {@link MarketClient.mayHandOff}. */
export interface MarketInput {
  /** A presentation of the suite `aggregatable`. */
  presentation: Uint8Array | Presentation;
  /** The CBOR `SessionTranscript` of the verifier's own session. */
  transcript: Uint8Array;
  /** The request that the verifier sent. */
  request: RequestInput;
}

/** The terms on which a presentation is handed in. Amounts are whole numbers of the market's smallest unit. */
export interface Offer {
  /** What is proven about the aggregate and about the receipt. There is no default. */
  profile: Profile;
  /** The least that is paid. It must not be below the market's floor, which an estimate tells. */
  minimum: number;
  /** The most that is paid. The market holds this amount from the start. */
  maximum: number;
  /**
   * How the price is found:
   *
   * - `dutch`: it rises until a provider takes the job.
   * - `sealed`: by sealed bids.
   * - `limit`: in the book of providers' quotes.
   *
   * @defaultValue "dutch"
   */
  order?: "dutch" | "sealed" | "limit";
  /**
   * Waits for other presentations to be folded with, which is cheaper. Without it, the presentation is folded alone.
   */
  company?: {
    /** The longest wait, in milliseconds. */
    maxWaitMs: number;
    /** How many presentations are enough. A market may aim at more and wait for them. */
    presentations: number;
  };
  /**
   * Milliseconds within which the receipt has to be there. The first half is for finding a provider. If there are
   * several markets, each has its part of that half.
   *
   * @defaultValue 7_200_000
   */
  withinMs?: number;
}

/** The likely price of a job, and how long it is likely to take. */
export interface Estimate {
  /** The median of what jobs of its kind have paid lately, or the floor if there were none. */
  price: number;
  /** The median of how long they waited for their receipts, in milliseconds. */
  wait: number;
  /** Number of jobs behind these medians. */
  samples: number;
  /** The least that any job of its kind has to offer. */
  floor: number;
}

/**
 * The state of a job:
 *
 * - `waiting`: it collects company.
 * - `offered`: it is on sale.
 * - `locked`: a provider has taken it, to fold it.
 * - `settled`, `cancelled`, `expired`: it is over.
 */
export type JobState = "waiting" | "offered" | "locked" | "settled" | "cancelled" | "expired";

/** Where a job stands, as the market reports it. Times are milliseconds since 1970. */
export interface JobStatus {
  job: string;
  state: JobState;
  /** The lot that the job is in, once its batch has closed. */
  lot?: string;
  /** What the job has paid, once it is settled. */
  paid?: number;
  /** While the job is locked: the time by which its lot is delivered or the next provider is asked. */
  deliver_by?: number;
  /** Since when the job has been in this state. */
  since: number;
}

/** What the holder of a key has at a market. */
export interface Account {
  owner: string;
  balance: number;
  stake: number;
  lots: string[];
}

/**
 * What a hand-off does at a market:
 *
 * - `submitting`: it hands the job in.
 * - `waiting`: it waits for the job.
 * - `cancelling`: it takes the job back, to go on to the next market.
 * - `stopping`: it takes the job back, to end.
 * - `committed`: it waits for the job, because the job could not be taken back.
 */
export type HandOffStep = "submitting" | "waiting" | "cancelling" | "stopping" | "committed";

/** Where a hand-off stands. */
export interface HandOffProgress {
  /** The market's address. */
  market: string;
  /** The job's id at that market. */
  job: string;
  step: HandOffStep;
  /** Where the job stands, if the market has just reported it. */
  status?: JobStatus;
  /** What went wrong last. The hand-off tries it again. */
  trouble?: { code: ErrorCode; message: string };
}

/**
 * A hand-off as it is saved before every step, as JSON. It holds signed messages and no secret. Whoever has it can take
 * the job back.
 */
export interface SavedHandOff {
  version: 1;
  markets: {
    url: string;
    /** The job's id. */
    id: string;
    /** The signed job. */
    job: SignedMessage;
    /** The signed message that takes the job back. */
    cancel: SignedMessage;
    /** Until when this market is preferred to the next one, in milliseconds since 1970. */
    preferred_until: number;
  }[];
  /** What is being done, and the place of the market at which it is done. */
  at: { market: number; step: HandOffStep };
}

/** A signed message. */
export interface SignedMessage {
  message: Record<string, unknown>;
  key: { algorithm: string; public: string };
  signature: string;
}

/** Options to follow, save and stop a hand-off. */
export interface HandOffOptions extends AbortOptions {
  /**
   * Stops the hand-off: the job is taken back, and the promise rejects with `cancelled` once the market has confirmed
   * this.
   *
   * If a provider has already taken the job, the job is paid for. The hand-off then waits for it all the same, and
   * resolves.
   */
  signal?: AbortSignal;
  /** Called with the progress of the hand-off. */
  onProgress?: (progress: HandOffProgress) => void;
  /**
   * Saves the state of the hand-off, so that it can go on after a crash. Nothing is done before `save` resolves. Remove
   * the saved state once the hand-off has ended. Without `save`, a crash leaves a job that is paid for and that nobody
   * asks for.
   */
  save?: (saved: SavedHandOff) => void | Promise<void>;
  /**
   * Milliseconds between two questions about the job, while the market's events cannot be followed.
   *
   * @defaultValue 2000
   */
  pollMs?: number;
  /**
   * Milliseconds after a job's last deadline during which a market that does not say how the job ended is still asked.
   *
   * @defaultValue 3_600_000
   */
  patienceMs?: number;
}

/** A receipt, and where it comes from. */
export interface HandedOff {
  /** The receipt, which was verified. */
  receipt: Uint8Array<ArrayBuffer>;
  /** What the receipt shows. */
  verified: VerifiedReceipt;
  /** The address of the market that gave it. */
  market: string;
  /** The job's id at that market. */
  job: string;
}
