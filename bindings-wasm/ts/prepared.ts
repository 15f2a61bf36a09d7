// A credential proof made ahead of time.

import { VelumError } from "./errors.js";
import type { PreparedFacts, Purpose, SizeClass } from "./types.js";

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * The bytes of each prepared proof that is not used up. A private member would need a `static` block, which Safari
 * lacks before 16.4.
 */
const held = new WeakMap<Prepared, Bytes>();

/**
 * A credential proof made ahead of time, for one presentation. It is as secret as the document: it holds the values of
 * the elements that were asked for, the device's key, and what opens the proof's commitments. Store it encrypted.
 */
export class Prepared {
  /** What the proof is for. */
  readonly purpose: Purpose;
  /** The time of the request that it was prepared for, which is about the time when it was made. */
  readonly preparedFor: Date;

  private constructor(bytes: Bytes, { purpose, prepared_for: preparedFor }: PreparedFacts) {
    this.purpose = purpose;
    this.preparedFor = new Date(preparedFor);
    held.set(this, bytes);
  }

  /** The type of the document that the proof is about. */
  get docType(): string {
    return this.purpose.doc_type;
  }

  /** The key that signed the document, by SEC 1 in hexadecimal. */
  get issuer(): string {
    return this.purpose.issuer;
  }

  /** The elements that a request may ask about, in the request's order. */
  get elements(): readonly { namespace: string; element: string }[] {
    return this.purpose.elements;
  }

  /** The size class of the proof. */
  get sizeClass(): SizeClass {
    return this.purpose.size_class;
  }

  /**
   * The prepared proof as bytes, which must be kept secret.
   *
   * @throws VelumError `prepared_used` if it was used up.
   */
  toBytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(bytesOf(this));
  }

  /** Whether the proof was used up, by `present` or by adding it to a pool. */
  get used(): boolean {
    return !held.has(this);
  }
}

/** Makes a prepared proof. Only this module can, because the constructor is private. */
export function preparedOf(bytes: Bytes, facts: PreparedFacts): Prepared {
  return new (Prepared as unknown as new (bytes: Bytes, facts: PreparedFacts) => Prepared)(bytes, facts);
}

/** Uses the prepared proof up, and returns its bytes. */
export function takePrepared(prepared: Prepared): Bytes {
  if (!(prepared instanceof Prepared)) {
    throw new VelumError("malformed", "prepared", "not a Prepared; read bytes with Prover.readPrepared");
  }
  const bytes = bytesOf(prepared);
  held.delete(prepared);
  return bytes;
}

/** Gives back bytes that were taken and not used. */
export function giveBack(prepared: Prepared, bytes: Bytes): void {
  held.set(prepared, bytes);
}

function bytesOf(prepared: Prepared): Bytes {
  const bytes = held.get(prepared);
  if (bytes !== undefined) return bytes;
  throw new VelumError("prepared_used", "prepared", "this prepared proof was used; prepare another");
}
