// A credential proof made ahead of time.

import { VelumError } from "./errors.js";
import { bytes as checkedBytes } from "./input.js";
import type { SizeClass } from "./types.js";

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * How every prepared proof of this version begins: the head of an array of 14 members, and the first of them, a text that
 * names the version. `credentials/src/presentation/prepared.rs` writes it.
 */
const MAGIC = "velum prepared v2";
const HEAD = Uint8Array.of(0x8e, 0x60 | MAGIC.length, ...new TextEncoder().encode(MAGIC));

/** The suite's identifier, its version and the size class's identifier follow. Each is below 24, so that it takes a byte. */
const CLASS_OFFSET = HEAD.length + 2;
const CLASSES: readonly (SizeClass | undefined)[] = [undefined, "standard", "large"];

/** The bytes of each that is not used up. A private member would need a `static` block, which Safari lacks before 16.4. */
const held = new WeakMap<Prepared, Bytes>();

/**
 * A credential proof made ahead of time, for one presentation. It is as secret as the document: it holds the values of the
 * elements that were asked for, the device's key, and what opens the proof's commitments. Store it encrypted.
 */
export class Prepared {
  /** The size class of the proof. */
  readonly sizeClass: SizeClass;

  private constructor(bytes: Bytes) {
    const { sizeClass } = head(bytes);
    this.sizeClass = sizeClass;
    held.set(this, bytes);
  }

  /**
   * Reads what `toBytes` gave. The caller sees to it that no bytes are used twice: two presentations from one prepared
   * proof can be linked.
   *
   * @throws VelumError `malformed` or `wrong_version`. What lies beyond the head is looked at by `present`.
   */
  static fromBytes(bytes: Uint8Array): Prepared {
    return new Prepared(checkedBytes(bytes, "prepared"));
  }

  /**
   * The prepared proof as bytes, to be kept secret.
   *
   * @throws VelumError `prepared_used`.
   */
  toBytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(bytesOf(this));
  }

  /** Whether `present` has used it up. */
  get used(): boolean {
    return !held.has(this);
  }
}

/** Uses the prepared proof up. */
export function takePrepared(prepared: Prepared): Bytes {
  if (!(prepared instanceof Prepared)) {
    throw new VelumError("malformed", "prepared", "not a Prepared; read bytes with Prepared.fromBytes");
  }
  const bytes = bytesOf(prepared);
  held.delete(prepared);
  return bytes;
}

function bytesOf(prepared: Prepared): Bytes {
  const bytes = held.get(prepared);
  if (bytes !== undefined) return bytes;
  throw new VelumError("prepared_used", "prepared", "it answered a request already; prepare anew");
}

function head(bytes: Bytes): { sizeClass: SizeClass } {
  // Other versions begin with arrays of other lengths.
  if (bytes.length < CLASS_OFFSET + 1 || ((bytes[0] ?? 0) & 0xe0) !== 0x80) {
    throw new VelumError("malformed", "prepared", "these bytes are no prepared proof");
  }
  const sizeClass = CLASSES[bytes[CLASS_OFFSET] ?? 0];
  if (sizeClass === undefined || !HEAD.every((byte, index) => byte === bytes[index])) {
    throw new VelumError("wrong_version", "prepared", "prepared by another version; prepare anew");
  }
  return { sizeClass };
}
