// What the wallet stores of cards: their documents, which are sealed, and their device keys. This module knows nothing
// about the page.

import { result } from "../storage/database.ts";
import type { Sealed } from "../storage/seal.ts";
import { SealedDatabase } from "../storage/sealed.ts";

/** A credential in the wallet. The wallet has at most one of each docType. */
export interface Card {
  readonly id: string;
  readonly docType: string;
  readonly document: Uint8Array<ArrayBuffer>;
  readonly deviceKey: CryptoKeyPair;
  readonly issuerName: string;
  readonly issuerRoot: string;
}

interface CardRecord extends Omit<Card, "document"> {
  readonly document: Sealed;
}

export const DATABASE = "velum-wallet";
const CARDS = "cards";

export class Vault {
  readonly #storage: SealedDatabase;

  private constructor(storage: SealedDatabase) {
    this.#storage = storage;
  }

  /** Opens the wallet's vault in this browser. Creates the vault if there is none. */
  static async open(): Promise<Vault> {
    const create = (created: IDBDatabase): void => {
      created.createObjectStore(CARDS, { keyPath: "docType" });
    };
    return new Vault(await SealedDatabase.open(DATABASE, create));
  }

  /** Calls `listener` whenever this tab or another one has changed something. */
  onChange(listener: () => void): void {
    this.#storage.changes.listen(listener);
  }

  async cards(): Promise<Card[]> {
    const read = (transaction: IDBTransaction): Promise<CardRecord[]> =>
      result<CardRecord[]>(transaction.objectStore(CARDS).getAll());
    const records = await this.#storage.transact(CARDS, "readonly", read);
    return Promise.all(
      records.map(async (record) => ({
        ...record,
        document: await this.#storage.seal.open(record.document, cardContext(record.id)),
      })),
    );
  }

  /** Stores a card in place of the card with the same docType. */
  async keep(card: Card): Promise<void> {
    const document = await this.#storage.seal.close(card.document, cardContext(card.id));
    const record: CardRecord = { ...card, document };
    await this.#storage.transact(CARDS, "readwrite", (transaction) =>
      result(transaction.objectStore(CARDS).put(record)),
    );
    this.#storage.changes.tell();
  }

  close(): void {
    this.#storage.close();
  }
}

/**
 * The context in which a card's document is sealed. It names the card, so that records cannot be exchanged for one
 * another.
 */
function cardContext(id: string): string {
  return `card ${id}`;
}
