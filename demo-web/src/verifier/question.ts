// The questions that a verifier can ask in the form, and the request that results from them.

import type { Predicate, Request } from "@velum/prover";

import type { DocumentKind, ElementKind } from "../documents.ts";
import { timestamp } from "../time.ts";
import { Refusal } from "../failure.ts";

export type ConditionId = "age_at_least" | "date_before" | "date_after" | "equals" | "disclose";

/** One question, as entered in the form. */
export interface Question {
  readonly element: string;
  readonly condition: ConditionId;
  readonly value: string;
}

export interface ConditionKind {
  readonly id: ConditionId;
  readonly label: string;
  /** The kind of value that is entered, if there is one. */
  readonly input: "years" | "date" | "text" | "yes or no" | undefined;
}

const SHOWN: ConditionKind = { id: "disclose", label: "is shown in full", input: undefined };
const BEFORE: ConditionKind = { id: "date_before", label: "is before", input: "date" };
const AFTER: ConditionKind = { id: "date_after", label: "is after", input: "date" };
const AGE: ConditionKind = { id: "age_at_least", label: "age is at least", input: "years" };

/** The conditions that can be asked about an element. */
export function conditionsOf({ id, type }: ElementKind): readonly ConditionKind[] {
  switch (type) {
    case "text":
      return [{ id: "equals", label: "is", input: "text" }, SHOWN];
    case "boolean":
      return [{ id: "equals", label: "is", input: "yes or no" }, SHOWN];
    case "date":
      return [
        ...(id === "birth_date" ? [AGE] : []),
        BEFORE,
        AFTER,
        { id: "equals", label: "is", input: "date" },
        SHOWN,
      ];
    case "other":
      return [];
  }
}

/** The elements that can be asked about. Elements that are too long for a proof are left out. */
export function askable(kind: DocumentKind): readonly ElementKind[] {
  return kind.elements.filter((element) => conditionsOf(element).length > 0);
}

/** The question that the form starts with: is the holder 18? */
export function firstQuestion(kind: DocumentKind): Question {
  return kind.id === "age"
    ? { element: "age_over_18", condition: "equals", value: "yes" }
    : { element: "birth_date", condition: "age_at_least", value: "18" };
}

/** Builds the request from the content of the form. `roots` are the trusted certificates, in PEM. */
export function requestOf(
  kind: DocumentKind,
  questions: readonly Question[],
  roots: readonly string[],
  now: Date,
): Request {
  return {
    doc_type: kind.docType,
    now: timestamp(now),
    issuers: roots.map((root) => ({ x509_pem: root, profile: "iso18013-5" })),
    predicates: questions.map((question) => predicateOf(kind, question)),
  };
}

const OLDEST = 150;

function predicateOf(kind: DocumentKind, { element, condition, value }: Question): Predicate {
  const name = { namespace: kind.namespace, element };
  switch (condition) {
    case "age_at_least":
      return { ...name, age_at_least: years(value) };
    case "date_before":
      return { ...name, date_before: value };
    case "date_after":
      return { ...name, date_after: value };
    case "disclose":
      return { ...name, disclose: true };
    case "equals":
      switch (kind.elements.find(({ id }) => id === element)?.type) {
        case "boolean":
          return { ...name, equals: value === "yes" };
        case "date":
          return { ...name, equals: { full_date: value } };
        default:
          return { ...name, equals: value };
      }
  }
}

function years(value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1 && number <= OLDEST) return number;
  throw new Refusal(
    "malformed",
    "request",
    `an age is a whole number of years from 1 to ${OLDEST}; change the question`,
  );
}
