// Authenticated encryption of stored data, under an AES key that no script can read.

import { result, StorageError, transact } from "./database.ts";
import { exclusively } from "./locks.ts";

const ALGORITHM = "AES-GCM";
const KEY_BITS = 256;
const NONCE_BYTES = 12;
const KEY_NAME = "sealing key";

/** The store in which a database keeps its sealing key. */
export const KEY_STORE = "keys";

/** Bytes that only this browser's profile can read. */
export interface Sealed {
  readonly nonce: Uint8Array<ArrayBuffer>;
  readonly bytes: ArrayBuffer;
}

/** Seals and opens bytes under one key. */
export class Seal {
  readonly #key: CryptoKey;

  private constructor(key: CryptoKey) {
    this.#key = key;
  }

  /** The seal of a database. Its key is created on first use, is not extractable, and never leaves the browser. */
  static async of(database: IDBDatabase): Promise<Seal> {
    return exclusively(`${database.name}: ${KEY_NAME}`, async () => {
      const read = (transaction: IDBTransaction): Promise<CryptoKey | undefined> =>
        result<CryptoKey | undefined>(transaction.objectStore(KEY_STORE).get(KEY_NAME));
      const kept = await transact(database, KEY_STORE, "readonly", read);
      if (kept !== undefined) return new Seal(kept);

      const usages: KeyUsage[] = ["encrypt", "decrypt"];
      const key = await crypto.subtle.generateKey({ name: ALGORITHM, length: KEY_BITS }, false, usages);
      await transact(database, KEY_STORE, "readwrite", (transaction) =>
        result(transaction.objectStore(KEY_STORE).add(key, KEY_NAME)),
      );
      return new Seal(key);
    });
  }

  /** Seals bytes. `context` says what the bytes are. Opening them requires the same context. */
  async close(bytes: Uint8Array<ArrayBuffer>, context: string): Promise<Sealed> {
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    return { nonce, bytes: await crypto.subtle.encrypt(parameters(nonce, context), this.#key, bytes) };
  }

  /** Opens bytes that were sealed in the same context. */
  async open(sealed: Sealed, context: string): Promise<Uint8Array<ArrayBuffer>> {
    try {
      const { nonce, bytes } = sealed;
      return new Uint8Array(await crypto.subtle.decrypt(parameters(nonce, context), this.#key, bytes));
    } catch (cause) {
      throw new StorageError(
        context,
        "the stored bytes were changed; forget everything, and issue the document again",
        cause,
      );
    }
  }
}

function parameters(nonce: Uint8Array<ArrayBuffer>, context: string): AesGcmParams {
  return { name: ALGORITHM, iv: nonce, additionalData: new TextEncoder().encode(context) };
}
