// What travels between a verifier and a wallet. Bytes and text only: neither sees anything else of the other.

import type { Bytes } from "../bytes.ts";
import type { StageTime } from "../time.ts";

/** A request in a session. */
export interface Asked {
  /**
   * Who asks: the origin of the verifier's page, which a wallet learns from the browser and not from the verifier. In a question
   * of another device it is what the question claims.
   */
  readonly origin: string;
  /** Fresh for each session. */
  readonly nonce: Bytes;
  /** The request as JSON. */
  readonly request: string;
  /** Whether the answer is to be handed to a market, where others read it. It is made for that then, and its holder is told. */
  readonly forMarket?: boolean;
}

/** What the wallet answers. */
export type Answer =
  | { readonly kind: "presented"; readonly presentation: Bytes; readonly measured: Measured }
  | { readonly kind: "declined" };

/** How long the wallet took. Shown on this page only: a real wallet would keep it to itself. */
export interface Measured {
  /** Of the credential proof; unknown where another visit to this page made it. */
  readonly preparing: { readonly ms: number; readonly stages: readonly StageTime[] } | undefined;
  /** Whether the credential proof had been made before the request came. */
  readonly ahead: boolean;
  readonly presentMs: number;
  readonly presentStages: readonly StageTime[];
}
