// What a prepared proof is about: a card, and some of its elements in the order of a request.

import type { Request } from "@velum/prover";

import { kindOf } from "../documents.ts";
import { timestamp } from "../time.ts";
import type { Card } from "./vault.ts";

export interface ElementName {
  readonly namespace: string;
  readonly element: string;
}

export interface Shape {
  readonly card: string;
  readonly elements: readonly ElementName[];
}

/** A text that is unique to a shape. */
export function shapeKey({ card, elements }: Shape): string {
  return JSON.stringify([card, ...elements.map(({ namespace, element }) => [namespace, element])]);
}

/** Whether two shapes are the same. */
export function sameShape(one: Shape, other: Shape): boolean {
  return shapeKey(one) === shapeKey(other);
}

/** A shape that is often asked of cards of this kind. */
export function usualShape(card: Card, ids: readonly string[]): Shape {
  const namespace = kindOf(card.docType)?.namespace ?? "";
  return { card: card.id, elements: ids.map((element) => ({ namespace, element })) };
}

/** The distinct elements of a request, in order of first appearance. A prepared proof is bound to them. */
export function shapeOf(card: Pick<Card, "id">, request: Pick<Request, "predicates">): Shape {
  const elements: ElementName[] = [];
  for (const { namespace, element } of request.predicates) {
    if (!elements.some((name) => name.namespace === namespace && name.element === element)) {
      elements.push({ namespace, element });
    }
  }
  return { card: card.id, elements };
}

/**
 * The request for which a proof of a shape is prepared. A prepared proof depends only on the elements: what is asked
 * about them, and when, may differ when the proof is used.
 */
export function shapeRequest(card: Card, { elements }: Shape): Request {
  return {
    doc_type: card.docType,
    now: timestamp(new Date()),
    issuers: [{ x509_pem: card.issuerRoot, profile: "iso18013-5" }],
    predicates: elements.map((name) => ({ ...name, disclose: true })),
  };
}
