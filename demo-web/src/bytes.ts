// Bytes as text.

export type Bytes = Uint8Array<ArrayBuffer>;

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A copy that owns a buffer of its own. */
export function copyOf(bytes: Uint8Array): Bytes {
  return new Uint8Array(bytes);
}

const THOUSAND = 1000;

/** A length as people read it: bytes, or decimal kilobytes. */
export function lengthInWords(length: number): string {
  return length < THOUSAND ? `${length} bytes` : `${(length / THOUSAND).toFixed(1)} kB`;
}
