// Takes a presentation apart to show it to people. docs/formats.md describes its members. Verification does not use
// this module.

import { decode } from "cborg";

import { lengthInWords, toHex } from "../bytes.ts";

export interface Member {
  readonly name: string;
  readonly content: string;
}

const NAMES = [
  "Format version",
  "Suite",
  "Suite version",
  "Size class",
  "Index of the issuer",
  "Certificates",
  "Commitment",
  "Disclosed values",
  "DeviceNameSpaces",
  "Device’s algorithm",
  "Credential proof",
  "Presentation proof",
];
const ISSUER = 4;
const SHORT = 32;

/** The members of a presentation, in order. */
export function membersOf(presentation: Uint8Array): readonly Member[] {
  return membersAsDecoded(presentation).map((member, index) => ({
    name: NAMES[index] ?? `Member ${index}`,
    content: inWords(member),
  }));
}

/** The index of the issuer in the request's list, as the presentation states it. */
export function issuerIndex(presentation: Uint8Array): number | undefined {
  const index = membersAsDecoded(presentation)[ISSUER];
  return typeof index === "number" ? index : undefined;
}

function membersAsDecoded(presentation: Uint8Array): readonly unknown[] {
  const decoded: unknown = decode(presentation);
  return Array.isArray(decoded) ? decoded : [];
}

function inWords(member: unknown): string {
  if (member instanceof Uint8Array) {
    return member.length <= SHORT
      ? `h'${toHex(member)}'`
      : `${lengthInWords(member.length)}, h'${toHex(member.subarray(0, 12))}…'`;
  }
  if (Array.isArray(member)) return member.length === 0 ? "[]" : `[${member.map(inWords).join(", ")}]`;
  return String(member);
}
