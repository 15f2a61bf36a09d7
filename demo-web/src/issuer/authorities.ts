// The issuing authorities of this browser: their keys, and the roots that they publish for verifiers to trust.
//
// These authorities are for demonstration. Their keys are passed to a program that mints test documents, so they are
// bytes and not keys of WebCrypto. They are sealed in storage nevertheless.

import type { Minted } from "@velum/prover/testing";

import { toHex } from "../bytes.ts";
import type { DocumentKind } from "../documents.ts";
import type { Authority } from "../exchange/issuance.ts";
import { result } from "../storage/database.ts";
import { exclusively } from "../storage/locks.ts";
import type { Sealed } from "../storage/seal.ts";
import { SealedDatabase } from "../storage/sealed.ts";
import { type AuthorityKeys, authorityName } from "./spec.ts";

interface AuthorityRecord extends Authority {
  readonly keys: Sealed;
}

export const DATABASE = "velum-issuer";
const AUTHORITIES = "authorities";
const SCALAR_BYTES = 32;
/** The order of P-256. A private key is less than the order, and not 0. */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

export class Authorities {
  readonly #storage: SealedDatabase;

  private constructor(storage: SealedDatabase) {
    this.#storage = storage;
  }

  static async open(): Promise<Authorities> {
    const create = (created: IDBDatabase): void => {
      created.createObjectStore(AUTHORITIES, { keyPath: "id" });
    };
    return new Authorities(await SealedDatabase.open(DATABASE, create));
  }

  /** Calls `listener` whenever this tab or another one has published something. */
  onChange(listener: () => void): void {
    this.#storage.changes.listen(listener);
  }

  /** Every authority that has issued a document here, in its published form. */
  async published(): Promise<Authority[]> {
    const records = await this.#storage.transact(AUTHORITIES, "readonly", (transaction) =>
      result<AuthorityRecord[]>(transaction.objectStore(AUTHORITIES).getAll()),
    );
    return records.map(({ id, docType, country, name, root }) => ({ id, docType, country, name, root }));
  }

  /**
   * Signs a document with the authority for this kind of document in this country. `mint` receives the keys of the
   * authority. An authority is founded with its first document, and its root is then published.
   */
  async sign(
    kind: DocumentKind,
    country: string,
    mint: (keys: AuthorityKeys) => Promise<Minted>,
  ): Promise<{ readonly authority: Authority; readonly document: Minted["document"] }> {
    // Without the lock, two tabs could found the authority twice, with different keys.
    return exclusively(`${DATABASE}: ${authorityId(kind, country)}`, async () => {
      const keys = await this.#keysOf(kind, country);
      const { iaca, document } = await mint(keys);
      return { authority: await this.#publish(kind, country, iaca, keys), document };
    });
  }

  async #keysOf(kind: DocumentKind, country: string): Promise<AuthorityKeys> {
    const id = authorityId(kind, country);
    const record = await this.#storage.transact(AUTHORITIES, "readonly", (transaction) =>
      result<AuthorityRecord | undefined>(transaction.objectStore(AUTHORITIES).get(id)),
    );
    if (record === undefined) return { root: newScalar(), signer: newScalar() };
    const [root = "", signer = ""] = new TextDecoder()
      .decode(await this.#storage.seal.open(record.keys, keysContext(id)))
      .split("\n");
    return { root, signer };
  }

  async #publish(kind: DocumentKind, country: string, root: string, keys: AuthorityKeys): Promise<Authority> {
    const id = authorityId(kind, country);
    const bytes = new TextEncoder().encode(`${keys.root}\n${keys.signer}`);
    const record: AuthorityRecord = {
      id,
      docType: kind.docType,
      country,
      name: authorityName(kind, country),
      root,
      keys: await this.#storage.seal.close(bytes, keysContext(id)),
    };
    const published = await this.#storage.transact(AUTHORITIES, "readwrite", async (transaction) => {
      const authorities = transaction.objectStore(AUTHORITIES);
      const known = await result<AuthorityRecord | undefined>(authorities.get(id));
      if (known === undefined) await result(authorities.add(record));
      return known ?? record;
    });
    this.#storage.changes.tell();
    return published;
  }
}

function authorityId({ docType }: DocumentKind, country: string): string {
  return `${docType} ${country}`;
}

function keysContext(id: string): string {
  return `keys of authority ${id}`;
}

function newScalar(): string {
  for (;;) {
    const text = toHex(crypto.getRandomValues(new Uint8Array(SCALAR_BYTES)));
    const number = BigInt(`0x${text}`);
    if (number > 0n && number < ORDER) return text;
  }
}
