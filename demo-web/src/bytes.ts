// Converts bytes to text and back.

export type Bytes = Uint8Array<ArrayBuffer>;

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Base64url without padding (RFC 4648). */
export function toBase64url(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** Decodes base64url. Returns undefined for any text that {@link toBase64url} does not write. */
export function fromBase64url(text: string): Bytes | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return undefined;
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  return toBase64url(bytes) === text ? bytes : undefined;
}

/** A copy with its own buffer. */
export function copyOf(bytes: Uint8Array): Bytes {
  return new Uint8Array(bytes);
}

const THOUSAND = 1000;

/** Formats a length for people: in bytes, or in decimal kilobytes. */
export function lengthInWords(length: number): string {
  return length < THOUSAND ? `${length} bytes` : `${(length / THOUSAND).toFixed(1)} kB`;
}
