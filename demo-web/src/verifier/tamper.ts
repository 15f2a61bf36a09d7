// Ways to cheat a verifier. Each changes one thing about an accepted answer. The verifier must refuse all of them.

import type { Request } from "@velum/prover";

import { copyOf, type Bytes } from "../bytes.ts";
import { newNonce, sessionTranscript } from "../exchange/session.ts";
import { addDays, timestamp } from "../time.ts";

/** What a verifier judges: an answer, and what the verifier itself knows. */
export interface Evidence {
  readonly presentation: Bytes;
  readonly transcript: Bytes;
  readonly request: Request;
}

export interface Tampering {
  readonly id: string;
  readonly label: string;
  /** What was done, in words. */
  readonly done: string;
  /** Why the proof is not valid for what was changed. */
  readonly why: string;
  /** The label of a button that puts the changed request to the wallet, whose own refusal says more. */
  readonly anew?: string;
  apply(evidence: Evidence, origin: string): Promise<Evidence>;
}

/** So many days later, the document has expired, but its signer's certificate is still valid. */
const LATER_DAYS = 60;

export const TAMPERINGS: readonly Tampering[] = [
  {
    id: "byte",
    label: "Change a byte",
    done: "One bit of the proof was flipped.",
    why: "Every part of a proof is checked against the others.",
    apply: async (evidence) => ({ ...evidence, presentation: flipOneBit(evidence.presentation) }),
  },
  {
    id: "replay",
    label: "Replay to another session",
    done: "The same answer was given in a session with another nonce.",
    why: "A proof is tied to its session. Whoever copies it cannot use it in another session.",
    apply: async (evidence, origin) => ({ ...evidence, transcript: await sessionTranscript(origin, newNonce()) }),
  },
  {
    id: "expired",
    label: "Ask with an expired date",
    done: `The same answer was given to a request about a time ${LATER_DAYS} days later, when the document has expired.`,
    why: "A proof is tied to the time in the request. It proves nothing about another time, whether or not the document is valid then. Only the wallet can find that out, in a new answer.",
    anew: "Ask the wallet about that day",
    apply: async ({ request, ...evidence }) => {
      const now = timestamp(addDays(new Date(request.now), LATER_DAYS));
      return { ...evidence, request: { ...request, now } };
    },
  },
  {
    id: "namespace",
    label: "Swap the namespace",
    done: "The same answer was given to a request about elements of another namespace.",
    why: "A proof is about the elements in the request, by namespace and name.",
    apply: async ({ request, ...evidence }) => {
      const predicates = request.predicates.map((predicate) => ({
        ...predicate,
        namespace: otherNamespace(predicate.namespace),
      }));
      return { ...evidence, request: { ...request, predicates } };
    },
  },
];

function otherNamespace(namespace: string): string {
  return `${namespace}.other`;
}

/**
 * Flips one bit near the middle of the presentation. This bit is in the longer of the two proofs, which makes up most
 * of the bytes.
 */
function flipOneBit(presentation: Bytes): Bytes {
  const changed = copyOf(presentation);
  const [number = 0] = crypto.getRandomValues(new Uint32Array(1));
  const middle = Math.floor(changed.length / 2);
  const place = middle + (number % 64);
  changed[place] = (changed[place] ?? 0) ^ 1;
  return changed;
}
