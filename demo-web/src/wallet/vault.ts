// What the wallet keeps: cards with their device keys, and prepared proofs, sealed. Knows nothing of the page.
//
// A prepared proof may serve once, or two presentations could be linked. Taking one is therefore a single transaction
// that reads and deletes it, under a lock that all tabs share; only after its commit is the proof opened. A crash in
// between loses a proof and never leaves one to be used again.

import type { StageTime } from "../time.ts";
import { result } from "../storage/database.ts";
import { exclusively } from "../storage/locks.ts";
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

/** The elements that a prepared proof is about, in the order of a request. */
export interface Shape {
  readonly card: string;
  readonly elements: readonly ElementName[];
}

export interface ElementName {
  readonly namespace: string;
  readonly element: string;
}

/** A prepared proof as bytes, with how long it took. */
export interface PreparedProof {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly ms: number;
  readonly stages: readonly StageTime[];
}

interface CardRecord extends Omit<Card, "document"> {
  readonly document: Sealed;
}

interface PreparedRecord {
  readonly card: string;
  readonly shape: string;
  readonly proof: Sealed;
  readonly ms: number;
  readonly stages: readonly StageTime[];
}

export const DATABASE = "velum-wallet";
const CARDS = "cards";
const PREPARED = "prepared";
const BY_SHAPE = "by shape";
const BY_CARD = "by card";
const LOCK = `${DATABASE}: pool`;

export class Vault {
  readonly #storage: SealedDatabase;

  private constructor(storage: SealedDatabase) {
    this.#storage = storage;
  }

  /** The wallet's vault in this browser, made where there is none. */
  static async open(): Promise<Vault> {
    const create = (created: IDBDatabase): void => {
      created.createObjectStore(CARDS, { keyPath: "docType" });
      const prepared = created.createObjectStore(PREPARED, { autoIncrement: true });
      prepared.createIndex(BY_SHAPE, ["card", "shape"]);
      prepared.createIndex(BY_CARD, "card");
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

  /** Keeps a card in place of the one of its docType, whose prepared proofs go with it. */
  async keep(card: Card): Promise<void> {
    const document = await this.#storage.seal.close(card.document, cardContext(card.id));
    const record: CardRecord = { ...card, document };
    await this.#storage.transact([CARDS, PREPARED], "readwrite", async (transaction) => {
      const cards = transaction.objectStore(CARDS);
      const former = await result<CardRecord | undefined>(cards.get(card.docType));
      if (former !== undefined) {
        const prepared = transaction.objectStore(PREPARED);
        const keys = await result(prepared.index(BY_CARD).getAllKeys(former.id));
        await Promise.all(keys.map((key) => result(prepared.delete(key))));
      }
      await result(cards.put(record));
    });
    this.#storage.changes.tell();
  }

  /** Adds a prepared proof, unless its card has been replaced since; says whether it did. */
  async add(shape: Shape, proof: PreparedProof): Promise<boolean> {
    const { card } = shape;
    const key = shapeKey(shape);
    const sealed = await this.#storage.seal.close(proof.bytes, proofContext(card, key));
    const record: PreparedRecord = { card, shape: key, proof: sealed, ms: proof.ms, stages: proof.stages };
    const added = await this.#storage.transact([CARDS, PREPARED], "readwrite", async (transaction) => {
      const cards = await result<CardRecord[]>(transaction.objectStore(CARDS).getAll());
      if (!cards.some(({ id }) => id === card)) return false;
      await result(transaction.objectStore(PREPARED).add(record));
      return true;
    });
    this.#storage.changes.tell();
    return added;
  }

  /** Takes a prepared proof out of the pool for good, the oldest first; none if there is none. */
  async take(shape: Shape): Promise<PreparedProof | undefined> {
    const key = shapeKey(shape);
    const record = await exclusively(LOCK, () =>
      this.#storage.transact(PREPARED, "readwrite", async (transaction) => {
        const prepared = transaction.objectStore(PREPARED);
        const found = await result(prepared.index(BY_SHAPE).getKey([shape.card, key]));
        if (found === undefined) return undefined;
        const taken = await result<PreparedRecord>(prepared.get(found));
        await result(prepared.delete(found));
        return taken;
      }),
    );
    if (record === undefined) return undefined;
    this.#storage.changes.tell();
    return { bytes: await this.#open(record), ms: record.ms, stages: record.stages };
  }

  /** Drops the prepared proofs that do not serve: by their bytes, or since these were changed at rest. */
  async sweep(serves: (proof: Uint8Array) => Promise<boolean>): Promise<void> {
    const kept = await this.#storage.transact(PREPARED, "readonly", async (transaction) => {
      const prepared = transaction.objectStore(PREPARED);
      const [keys, records] = await Promise.all([
        result(prepared.getAllKeys()),
        result<PreparedRecord[]>(prepared.getAll()),
      ]);
      return keys.flatMap((key, index) => {
        const record = records[index];
        return record === undefined ? [] : [{ key, record }];
      });
    });
    const judged = await Promise.all(
      kept.map(async ({ key, record }) => ({ key, fit: await this.#open(record).then(serves, () => false) })),
    );
    const unfit = judged.filter(({ fit }) => !fit);
    if (unfit.length === 0) return;
    await this.#storage.transact(PREPARED, "readwrite", async (transaction) => {
      const prepared = transaction.objectStore(PREPARED);
      await Promise.all(unfit.map(({ key }) => result(prepared.delete(key))));
    });
    this.#storage.changes.tell();
  }

  #open({ card, shape, proof }: PreparedRecord): Promise<Uint8Array<ArrayBuffer>> {
    return this.#storage.seal.open(proof, proofContext(card, shape));
  }

  /** How many prepared proofs there are of a shape. */
  async count(shape: Shape): Promise<number> {
    return this.#storage.transact(PREPARED, "readonly", (transaction) =>
      result(
        transaction
          .objectStore(PREPARED)
          .index(BY_SHAPE)
          .count([shape.card, shapeKey(shape)]),
      ),
    );
  }

  close(): void {
    this.#storage.close();
  }
}

/** One text for each ordered list of elements. */
export function shapeKey({ elements }: Pick<Shape, "elements">): string {
  return JSON.stringify(elements.map(({ namespace, element }) => [namespace, element]));
}

// What is sealed names its place, so that records cannot be exchanged for one another.

function cardContext(id: string): string {
  return `card ${id}`;
}

function proofContext(card: string, shape: string): string {
  return `prepared proof of card ${card} about ${shape}`;
}
