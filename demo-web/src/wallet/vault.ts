// What the wallet keeps of cards: their documents, sealed, and their device keys. Knows nothing of the page.

import { result } from "../storage/database.ts";
import type { Sealed } from "../storage/seal.ts";
import { SealedDatabase } from "../storage/sealed.ts";

/** A credential in the wallet. There is one of each docType. */
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

  /** The wallet's vault in this browser, made where there is none. */
  static async open(): Promise<Vault> {
    const create = (created: IDBDatabase): void => {
      created.createObjectStore(CARDS, { keyPath: "docType" });
    };
    return new Vault(await SealedDatabase.open(DATABASE, create));
  }

  /** Calls `listener` whenever this or another tab changed something. */
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

  /** Keeps a card in place of the one of its docType. */
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

/** What is sealed names its place, so that records cannot be exchanged for one another. */
function cardContext(id: string): string {
  return `card ${id}`;
}
