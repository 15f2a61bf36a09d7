// Puts the facts of a presentation in plain words.

import type { Learnt } from "@velum/prover";

import { countryName, elementLabel, kindOf } from "./documents.ts";

/** How the words refer to the holder: the wallet speaks to its holder, and the verifier speaks about the holder. */
export type Holder = "you" | "the holder";

/** Puts one fact in words. `issuer` is the name of the authority behind the document. */
export function factInWords(fact: Learnt, holder: Holder, issuer: string): string {
  const [are, your] = holder === "you" ? ["You are", "Your"] : ["The holder is", "Their"];
  if ("predicate" in fact) {
    const { namespace, element, predicate } = fact;
    const label = elementLabel(namespace, element);
    const lower = `${label.charAt(0).toLowerCase()}${label.slice(1)}`;
    if ("age_at_least" in predicate) {
      return element === "birth_date"
        ? `${are} ${predicate.age_at_least} or older`
        : `${your} ${lower} is at least ${predicate.age_at_least} years ago`;
    }
    if ("date_before" in predicate) return `${your} ${lower} is before ${dateInWords(predicate.date_before)}`;
    if ("date_after" in predicate) return `${your} ${lower} is after ${dateInWords(predicate.date_after)}`;
    if ("disclose" in predicate) {
      return "value" in fact ? `${your} ${lower}: ${valueInWords(fact.value, element)}` : `${your} ${lower}, in full`;
    }
    const overAge = /^age_over_(\d+)$/.exec(element)?.[1];
    if (overAge !== undefined && typeof predicate.equals === "boolean") {
      return `${are} ${predicate.equals ? "" : "not "}over ${overAge}`;
    }
    return `${your} ${lower} is ${valueInWords(predicate.equals, element)}`;
  }
  if ("issuer" in fact) return `${issuer} issued the document`;
  if ("doc_type" in fact) {
    const kind = kindOf(fact.doc_type);
    return kind === undefined
      ? `The document is of type ${fact.doc_type}`
      : `The document is ${withArticle(kind.title)}`;
  }
  if ("valid_at" in fact) return `It is valid on ${dateInWords(fact.valid_at)}`;
  if ("size_class" in fact) return `It fits size class “${fact.size_class}”`;
  if ("profile" in fact) {
    const rules = fact.profile === "pki" ? "RFC 5280" : "ISO/IEC 18013-5";
    return `The issuer’s certificates follow the rules of ${rules}; revocation is not checked`;
  }
  if ("device_algorithm" in fact) return `The device signs with ${fact.device_algorithm}`;
  return `The device signed elements itself, for which nobody else vouches: CBOR ${fact.device_namespaces}`;
}

/** Writes a title such as `Age attestation` as `an age attestation`. */
export function withArticle(title: string): string {
  const lower = title.toLowerCase();
  return `${/^[aeiou]/.test(lower) ? "an" : "a"} ${lower}`;
}

const dateFormat = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "long",
  year: "numeric",
  timeZone: "UTC",
});

/** Writes `2026-01-01`, or a longer timestamp, as `1 January 2026`. */
export function dateInWords(date: string): string {
  const time = new Date(date);
  return Number.isNaN(time.getTime()) ? date : dateFormat.format(time);
}

/** Puts a value in words. The value is in the JSON form that documents and requests use. */
export function valueInWords(value: unknown, element: string): string {
  if (typeof value === "string") return element === "issuing_country" ? countryName(value) : value;
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "object" && value !== null) {
    if ("full_date" in value && typeof value.full_date === "string") return dateInWords(value.full_date);
    if ("tdate" in value && typeof value.tdate === "string") return dateInWords(value.tdate);
    if ("cbor_hex" in value && typeof value.cbor_hex === "string") return otherInWords(value.cbor_hex);
  }
  return String(value);
}

function otherInWords(hex: string): string {
  return `${hex.length / 2} bytes of CBOR`;
}
