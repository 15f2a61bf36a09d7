// Base45 (RFC 9285), which writes bytes in the characters of the alphanumeric mode of QR codes.

import type { Bytes } from "../bytes.ts";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const BASE = ALPHABET.length;

export function toBase45(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 2) {
    const [high = 0, low] = bytes.subarray(at, at + 2);
    let number = low === undefined ? high : high * 256 + low;
    for (let digits = low === undefined ? 2 : 3; digits > 0; digits -= 1) {
      text += ALPHABET.charAt(number % BASE);
      number = Math.floor(number / BASE);
    }
  }
  return text;
}

/** Decodes base45. Returns undefined for text that is not valid base45. */
export function fromBase45(text: string): Bytes | undefined {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at += 3) {
    const digits = Array.from(text.slice(at, at + 3), (character) => ALPHABET.indexOf(character));
    const number = digits.reduceRight((sum, digit) => sum * BASE + digit, 0);
    if (digits.length === 1 || digits.includes(-1)) return undefined;
    if (number > (digits.length === 3 ? 0xffff : 0xff)) return undefined;
    if (digits.length === 3) bytes.push(number >> 8);
    bytes.push(number & 0xff);
  }
  return Uint8Array.from(bytes);
}
