// What a verifier and a wallet exchange. It is plain data: neither side sees anything else of the other.

import type { Bytes } from "../bytes.ts";
import type { StageTime } from "../time.ts";

/** A request in a session. */
export interface Asked {
  /**
   * Who asks. This is the origin of the verifier's page, which a wallet learns from the browser and not from the
   * verifier. For a question from another device, it is the origin that the question claims.
   */
  readonly origin: string;
  /** Fresh for each session. */
  readonly nonce: Bytes;
  /** The request as JSON. */
  readonly request: string;
  /**
   * Whether the answer is to be handed to a market, where others read it. The wallet then makes the answer for that
   * purpose, and tells its holder.
   */
  readonly forMarket?: boolean;
}

/** The answer of the wallet. */
export type Answer =
  | { readonly kind: "presented"; readonly presentation: Bytes; readonly measured: Measured }
  | { readonly kind: "declined" };

/** How long the wallet took. This is shown on this page only: a real wallet would keep it to itself. */
export interface Measured {
  /** The time of the credential proof. It is unknown if another visit to this page made the proof. */
  readonly preparing: { readonly ms: number; readonly stages: readonly StageTime[] } | undefined;
  /** Whether the credential proof was made before the request came. */
  readonly ahead: boolean;
  readonly presentMs: number;
  readonly presentStages: readonly StageTime[];
}
