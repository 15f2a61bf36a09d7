// Converts a message into the texts of QR codes and back, in the format of docs/hand-off.md. This module knows nothing
// about pictures or cameras.

import type { Bytes } from "../bytes.ts";
import { Refusal } from "../failure.ts";
import { fromBase45, toBase45 } from "./base45.ts";
import { checksumOf } from "./checksum.ts";

/** The kind of message that a sequence carries. */
export type MessageKind = "question" | "answer";

export const MESSAGE_MAX_BYTES = 4 * 1024 * 1024;
const PARTS_MAX = 4096;
/** Parts of this size give codes of version 22 at error correction level L, which phones read at arm's length. */
const PART_BYTES = 900;

const LETTERS: Readonly<Record<MessageKind, string>> = { question: "Q", answer: "A" };
const CODE = /^VELUM:1:([QA]):([1-9][0-9]{0,3}):([1-9][0-9]{0,3}):([0-9A-F]{8}):(.+)$/s;

/** The texts of the codes for a message, one text for each code. The codes are shown in a loop. */
export function codesOf(kind: MessageKind, message: Uint8Array, partBytes = PART_BYTES): string[] {
  const count = Math.ceil(message.length / partBytes);
  if (count < 1 || count > PARTS_MAX || message.length > MESSAGE_MAX_BYTES) {
    const reason = `${message.length} bytes do not fit into a sequence of codes`;
    throw new Refusal("too_large", kind, `${reason}; save the message as a file`);
  }
  const checksum = checksumOf(message);
  return Array.from({ length: count }, (_, index) => {
    const part = message.subarray(index * partBytes, (index + 1) * partBytes);
    return `VELUM:1:${LETTERS[kind]}:${index + 1}:${count}:${checksum}:${toBase45(part)}`;
  });
}

/** How much of a message has been read. */
export type Reading =
  | { readonly kind: "reading"; readonly have: number; readonly count: number }
  | { readonly kind: "done"; readonly message: MessageKind; readonly bytes: Bytes }
  /** The code does not belong to a sequence. The parts read so far are kept. */
  | { readonly kind: "foreign" }
  /** The parts did not fit together. Reading starts again. */
  | { readonly kind: "damaged" };

interface Code {
  readonly message: MessageKind;
  readonly index: number;
  readonly count: number;
  readonly checksum: string;
  readonly part: Bytes;
}

/** Assembles a message from codes that are read in any order. */
export class CodeCollector {
  /** What all parts of the message have in common: its kind, its number of parts and its checksum. */
  #sequence = "";
  readonly #parts = new Map<number, Bytes>();
  #bytes = 0;

  /** Reads the text of one code. */
  read(text: string): Reading {
    const code = codeOf(text);
    if (code === undefined) return { kind: "foreign" };
    const { message, index, count, checksum, part } = code;
    const sequence = `${message} ${count} ${checksum}`;
    if (sequence !== this.#sequence) this.#restart(sequence);
    if (!this.#parts.has(index)) {
      this.#parts.set(index, part);
      this.#bytes += part.length;
    }
    if (this.#bytes > MESSAGE_MAX_BYTES) {
      this.#restart("");
      return { kind: "damaged" };
    }
    if (this.#parts.size < count) return { kind: "reading", have: this.#parts.size, count };
    const bytes = this.#joined();
    this.#restart("");
    return checksumOf(bytes) === checksum ? { kind: "done", message, bytes } : { kind: "damaged" };
  }

  #joined(): Bytes {
    const whole = new Uint8Array(this.#bytes);
    let at = 0;
    for (const index of [...this.#parts.keys()].sort((left, right) => left - right)) {
      const part = this.#parts.get(index) ?? new Uint8Array();
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  #restart(sequence: string): void {
    this.#sequence = sequence;
    this.#parts.clear();
    this.#bytes = 0;
  }
}

function codeOf(text: string): Code | undefined {
  const [, letter, first, second, checksum = "", data = ""] = CODE.exec(text) ?? [];
  const [index, count, part] = [Number(first), Number(second), fromBase45(data)];
  if (letter === undefined || part === undefined || index > count || count > PARTS_MAX) return undefined;
  return { message: letter === LETTERS.question ? "question" : "answer", index, count, checksum, part };
}
