// What prepared proofs are about: a card, and some of its elements in the order of a request.

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

/** One text for each shape. */
export function shapeKey({ card, elements }: Shape): string {
  return JSON.stringify([card, ...elements.map(({ namespace, element }) => [namespace, element])]);
}

/** Whether two shapes are the same. */
export function sameShape(one: Shape, other: Shape): boolean {
  return shapeKey(one) === shapeKey(other);
}

/** A shape that cards of this kind are often asked for. */
export function usualShape(card: Card, ids: readonly string[]): Shape {
  const namespace = kindOf(card.docType)?.namespace ?? "";
  return { card: card.id, elements: ids.map((element) => ({ namespace, element })) };
}

/** The distinct elements of a request in order of first appearance, which is what a prepared proof is tied to. */
export function shapeOf(card: Pick<Card, "id">, request: Pick<Request, "predicates">): Shape {
  const elements: ElementName[] = [];
  for (const { namespace, element } of request.predicates) {
    if (!elements.some((name) => name.namespace === namespace && name.element === element)) {
      elements.push({ namespace, element });
    }
  }
  return { card: card.id, elements };
}

/** A prepared proof depends on the elements alone: what is asked of them, and when, may differ when it is used. */
export function shapeRequest(card: Card, { elements }: Shape): Request {
  return {
    doc_type: card.docType,
    now: timestamp(new Date()),
    issuers: [{ x509_pem: card.issuerRoot, profile: "iso18013-5" }],
    predicates: elements.map((name) => ({ ...name, disclose: true })),
  };
}
