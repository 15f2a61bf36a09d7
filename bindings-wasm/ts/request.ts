/**
 * Builds requests by calls that an editor completes. The result is a request like any other: pass it to
 * `JSON.stringify`, to a prover or to a verifier.
 *
 * @packageDocumentation
 */

import { VelumError } from "./errors.js";
import { optionsOf, text } from "./input.js";
import type { Condition, Issuer, Literal, Predicate, Request } from "./types.js";

export { type ErrorCode, VelumError } from "./errors.js";
export type { Condition, Issuer, Literal, Predicate, Request } from "./types.js";

/** What a request is about. */
export interface RequestOptions {
  /** The document type, such as `org.iso.18013.5.1.mDL`. */
  docType: string;
  /** The only issuers that are trusted. */
  issuers: readonly Issuer[];
  /**
   * The time at which the document must be valid, and at which ages are counted.
   *
   * @defaultValue now
   */
  now?: Date;
  /**
   * The namespace of elements that are named without one.
   *
   * @defaultValue the namespace of the document type, for licences, PIDs and age verification attestations
   */
  namespace?: string;
}

/** The namespace of most elements of a document, by document type. */
const NAMESPACES: ReadonlyMap<string, string> = new Map([
  ["org.iso.18013.5.1.mDL", "org.iso.18013.5.1"],
  ["eu.europa.ec.eudi.pid.1", "eu.europa.ec.eudi.pid.1"],
  ["eu.europa.ec.av.1", "eu.europa.ec.av.1"],
]);

/**
 * Begins a request, by default with the time of this call. Both sides must have the same time: a verifier makes the
 * request once, keeps it, and sends it to the wallet as JSON.
 *
 * @throws VelumError `malformed` if an option is not valid.
 */
export function request(options: RequestOptions): RequestBuilder {
  const {
    docType,
    issuers,
    now = new Date(),
    namespace,
  } = optionsOf(options, ["docType", "issuers", "now", "namespace"]);
  if (!isArray(issuers)) throw new VelumError("malformed", "issuers", "not an array of issuers");
  const asked = { doc_type: text(docType, "docType"), now: secondsOf(now), issuers: [...issuers], predicates: [] };
  return builderOf(asked, namespace ?? NAMESPACES.get(docType));
}

/** A request that is being built. Every call returns another request, and leaves this one as it was. */
export class RequestBuilder implements Request {
  readonly doc_type: string;
  readonly now: string;
  readonly issuers: readonly Issuer[];
  readonly predicates: readonly Predicate[];
  readonly device_namespaces?: readonly string[];
  readonly #namespace: string | undefined;

  private constructor(asked: Request, namespace: string | undefined) {
    this.doc_type = asked.doc_type;
    this.now = asked.now;
    this.issuers = asked.issuers;
    this.predicates = asked.predicates;
    if (asked.device_namespaces !== undefined) this.device_namespaces = asked.device_namespaces;
    this.#namespace = namespace;
  }

  /**
   * Asks something about an element.
   *
   * @throws VelumError `malformed` if its namespace is neither named, here or in the options, nor known from the
   * document type.
   */
  element(element: string, namespace: string | undefined = this.#namespace): ElementBuilder {
    if (namespace === undefined) {
      const message = "unknown for this document type; name it here or in the options of the request";
      throw new VelumError("malformed", "namespace", message);
    }
    const named = { namespace: text(namespace, "namespace"), element: text(element, "element") };
    return new ElementBuilder((condition) => {
      const predicates = [...this.predicates, { ...named, ...condition }];
      return builderOf({ ...this.toJSON(), predicates }, this.#namespace);
    });
  }

  /**
   * Accepts elements of these namespaces that the device signed itself. That the issuer lets the device sign them is
   * not proven.
   */
  deviceNamespaces(...namespaces: string[]): RequestBuilder {
    return builderOf({ ...this.toJSON(), device_namespaces: namespaces }, this.#namespace);
  }

  /** The request without the builder's own members. */
  toJSON(): Request {
    const { doc_type, now, issuers, predicates, device_namespaces } = this;
    return { doc_type, now, issuers, predicates, ...(device_namespaces && { device_namespaces }) };
  }
}

/** Makes a builder. Only this module can, because the constructor is private. */
function builderOf(asked: Request, namespace: string | undefined): RequestBuilder {
  type Make = new (asked: Request, namespace: string | undefined) => RequestBuilder;
  return new (RequestBuilder as unknown as Make)(asked, namespace);
}

/** An element about which something is asked. Call exactly one of these methods. */
export class ElementBuilder {
  readonly #ask: (condition: Condition) => RequestBuilder;

  /** @internal */
  constructor(ask: (condition: Condition) => RequestBuilder) {
    this.#ask = ask;
  }

  /** Asks that the holder is at least this old, for a birth date. */
  ageAtLeast(years: number): RequestBuilder {
    if (Number.isInteger(years) && years >= 0 && years <= 255) return this.#ask({ age_at_least: years });
    throw new VelumError("malformed", "years", "not a whole number from 0 to 255");
  }

  /** Asks that the element has this value, which a verifier already knows. */
  equals(value: Literal): RequestBuilder {
    return this.#ask({ equals: value });
  }

  /** Asks that the element is a date before this one: `YYYY-MM-DD`, or the day of a `Date` in UTC. */
  before(date: string | Date): RequestBuilder {
    return this.#ask({ date_before: dayOf(date) });
  }

  /** Asks that the element is a date after this one: `YYYY-MM-DD`, or the day of a `Date` in UTC. */
  after(date: string | Date): RequestBuilder {
    return this.#ask({ date_after: dayOf(date) });
  }

  /** Asks for the element's value, in clear. */
  disclose(): RequestBuilder {
    return this.#ask({ disclose: true });
  }
}

/** `Array.isArray` alone would turn a read-only array into an array of anything. */
function isArray(value: readonly unknown[]): boolean {
  return Array.isArray(value);
}

/** A time in whole seconds, in the form of requests. */
function secondsOf(time: Date): string {
  return `${isoOf(time, "now").slice(0, 19)}Z`;
}

function dayOf(date: string | Date): string {
  return typeof date === "string" ? date : isoOf(date, "date").slice(0, 10);
}

function isoOf(time: Date, where: string): string {
  const iso = Object.prototype.toString.call(time) === "[object Date]" ? time.toJSON() : null;
  // The text of a year beyond four digits is longer.
  if (typeof iso === "string" && iso.length === 24) return iso;
  throw new VelumError("malformed", where, "not a Date of a year from 0 to 9999");
}
