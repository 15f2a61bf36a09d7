// What goes between a client and markets, in the JSON forms of docs/market-api.yaml.

import type { ErrorCode } from "./errors.js";
import type { AbortOptions, Presentation, Profile, RequestInput, VerifiedReceipt } from "./types.js";

/** What is handed to a market. Whoever aggregates reads it whole: see {@link MarketClient.mayHandOff}. */
export interface MarketInput {
  /** A presentation of the suite `aggregatable`. */
  presentation: Uint8Array | Presentation;
  /** The CBOR `SessionTranscript` of the verifier's own session. */
  transcript: Uint8Array;
  /** What the verifier asked. */
  request: RequestInput;
}

/** On which terms a presentation is handed in. Amounts are whole numbers of the market's smallest unit. */
export interface Offer {
  /** What is proven of the aggregate, and of the receipt. There is no default. */
  profile: Profile;
  /** The least that is paid; not below the market's floor, which an estimate tells. */
  minimum: number;
  /** The most that is paid, which the market holds from the start. */
  maximum: number;
  /**
   * How the price is found: it rises until a provider takes it, by sealed bids, or in the book of providers' quotes.
   *
   * @defaultValue "dutch"
   */
  order?: "dutch" | "sealed" | "limit";
  /** Waits for other presentations to be folded with, which makes it cheaper. Without it the presentation is folded alone. */
  company?: {
    /** The longest wait, in milliseconds. */
    maxWaitMs: number;
    /** How many presentations are company enough. A market may aim at more, and wait for them. */
    presentations: number;
  };
  /**
   * Milliseconds within which the receipt has to be there. Of several markets each has its part of the first half to find a provider.
   *
   * @defaultValue 7_200_000
   */
  withinMs?: number;
}

/** What a job is likely to take. */
export interface Estimate {
  /** What jobs of its kind have lately paid, the median; the floor where there were none. */
  price: number;
  /** How long they have waited for their receipts, the median, in milliseconds. */
  wait: number;
  /** Of how many jobs these are. */
  samples: number;
  /** The least that any job of its kind has to offer. */
  floor: number;
}

/** Where a job stands: it collects company, is on sale, is some provider's to fold, or over. */
export type JobState = "waiting" | "offered" | "locked" | "settled" | "cancelled" | "expired";

/** Where a job stands, as the market says. Times are milliseconds since 1970. */
export interface JobStatus {
  job: string;
  state: JobState;
  /** The lot that it is in, once its batch has closed. */
  lot?: string;
  /** What it has paid, once it is settled. */
  paid?: number;
  /** By when its lot is delivered or the next provider is asked, while it is locked. */
  deliver_by?: number;
  /** Since when it stands there. */
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
 * What a hand-off does at a market: hands the job in, waits for it, takes it back to go on to the next market or to end, or waits for it
 * because it could not be taken back.
 */
export type HandOffStep = "submitting" | "waiting" | "cancelling" | "stopping" | "committed";

/** Where a hand-off stands. */
export interface HandOffProgress {
  /** The market's address. */
  market: string;
  /** The job's id there. */
  job: string;
  step: HandOffStep;
  /** Where the job stands, where the market has just said it. */
  status?: JobStatus;
  /** What went wrong last, and is tried again. */
  trouble?: { code: ErrorCode; message: string };
}

/** A hand-off as it is saved before every step, as JSON. It holds signed messages and no secret; who has it can take the job back. */
export interface SavedHandOff {
  version: 1;
  markets: {
    url: string;
    /** The job's id. */
    id: string;
    /** The signed job. */
    job: SignedMessage;
    /** What takes it back, signed. */
    cancel: SignedMessage;
    /** Until when this market is preferred to the next, in milliseconds since 1970. */
    preferred_until: number;
  }[];
  /** What is done, and at which of the markets, by its place. */
  at: { market: number; step: HandOffStep };
}

/** A signed message. */
export interface SignedMessage {
  message: Record<string, unknown>;
  key: { algorithm: string; public: string };
  signature: string;
}

/** How a caller follows, saves and stops a hand-off. */
export interface HandOffOptions extends AbortOptions {
  /**
   * Stops the hand-off: the job is taken back, and the promise rejects with `cancelled` once the market has said so. A job that some provider has taken
   * already is waited for all the same, and resolves: it is paid for.
   */
  signal?: AbortSignal;
  /** Is told where the hand-off stands. */
  onProgress?: (progress: HandOffProgress) => void;
  /**
   * Saves where the hand-off stands, so that it goes on after a crash: nothing is done before it resolves. Remove what was saved once the hand-off has
   * ended. Without it a crash leaves a job that is paid for and that nobody asks for.
   */
  save?: (saved: SavedHandOff) => void | Promise<void>;
  /**
   * Milliseconds between two questions where a job stands, while the market's events cannot be followed.
   *
   * @defaultValue 2000
   */
  pollMs?: number;
  /**
   * Milliseconds after a job's last deadline in which a market is still asked that does not say how the job ended.
   *
   * @defaultValue 3_600_000
   */
  patienceMs?: number;
}

/** A receipt, and where it is from. */
export interface HandedOff {
  /** The receipt, which was verified. */
  receipt: Uint8Array<ArrayBuffer>;
  /** What it shows. */
  verified: VerifiedReceipt;
  /** The address of the market that gave it. */
  market: string;
  /** The job's id there. */
  job: string;
}
