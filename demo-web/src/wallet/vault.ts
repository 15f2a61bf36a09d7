// What the wallet keeps: cards with their device keys, and prepared proofs, sealed. Knows nothing of the page.
//
// A prepared proof may serve once, or two presentations could be linked. Taking one is therefore a single transaction
// that reads and deletes it, under a lock that all tabs share; only after its commit is the proof opened. A crash in
// between loses a proof and never leaves one to be used again. One that does not open is gone, and the next is tried.
//
// The pool follows the rules of the pool in `velum-wallet`: what is sealed names the format, the document and the entry;
// proofs are bounded in number, bytes and age, and go with their document.

import type { StageTime } from "../time.ts";
import { toHex } from "../bytes.ts";
import { result, StorageError } from "../storage/database.ts";
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

/** A proof that was removed. */
interface Entry {
  readonly entry: IDBValidKey;
  readonly record: PreparedRecord;
}

export const DATABASE = "velum-wallet";
const CARDS = "cards";
const PREPARED = "prepared";
const BY_SHAPE = "by shape";
const BY_CARD = "by card";
const LOCK = `${DATABASE}: pool`;

/** How much the pool may hold: what comes then takes the place of the oldest. */
const MAX_PROOFS = 32;
const MAX_BYTES = 32 * 1024 * 1024;
const MAX_AGE_MS = 30 * 86_400_000;

/** Digits of the milliseconds since 1970 that an entry's key begins with, so that keys are in the order of time. */
const TIME_DIGITS = 15;
const SERIAL_BYTES = 16;

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

  /** Adds a prepared proof, unless its card has been replaced since; says whether it did. Makes room for it, if need be. */
  async add(shape: Shape, proof: PreparedProof, now = Date.now()): Promise<boolean> {
    const { card } = shape;
    const document = await this.#documentHash(card);
    if (document === undefined) return false;
    const entry = entryKey(now);
    const key = shapeKey(shape);
    const sealed = await this.#storage.seal.close(proof.bytes, proofContext(document, entry, key));
    const record: PreparedRecord = { card, shape: key, proof: sealed, ms: proof.ms, stages: proof.stages };
    const added = await this.#storage.transact([CARDS, PREPARED], "readwrite", async (transaction) => {
      const cards = await result<CardRecord[]>(transaction.objectStore(CARDS).getAll());
      if (!cards.some(({ id }) => id === card)) return false;
      const prepared = transaction.objectStore(PREPARED);
      await makeRoom(prepared, sealed.bytes.byteLength, now);
      await result(prepared.add(record, entry));
      return true;
    });
    this.#storage.changes.tell();
    return added;
  }

  /** Takes a prepared proof out of the pool for good, the oldest first; none if there is none that opens. */
  async take(shape: Shape, now = Date.now()): Promise<PreparedProof | undefined> {
    const document = await this.#documentHash(shape.card);
    if (document === undefined) return undefined;
    for (;;) {
      const taken = await this.#remove(shape);
      if (taken === undefined) return undefined;
      const { entry, record } = taken;
      if (!isFresh(entry, now)) continue;
      try {
        return { bytes: await this.#open(document, entry, record), ms: record.ms, stages: record.stages };
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
      }
    }
  }

  /** Removes the oldest proof of a shape, for whoever calls alone. */
  async #remove(shape: Shape): Promise<Entry | undefined> {
    const key = shapeKey(shape);
    const removed = await exclusively(LOCK, () =>
      this.#storage.transact(PREPARED, "readwrite", async (transaction) => {
        const prepared = transaction.objectStore(PREPARED);
        const entry = await result(prepared.index(BY_SHAPE).getKey([shape.card, key]));
        if (entry === undefined) return undefined;
        const record = await result<PreparedRecord>(prepared.get(entry));
        await result(prepared.delete(entry));
        return { entry, record };
      }),
    );
    if (removed !== undefined) this.#storage.changes.tell();
    return removed;
  }

  /** Drops the prepared proofs that do not serve: by their bytes, by their age, or since they were changed at rest. */
  async sweep(serves: (proof: Uint8Array) => Promise<boolean>, now = Date.now()): Promise<void> {
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
    const documents = new Map((await this.cards()).map((card) => [card.id, card.document]));
    const judged = await Promise.all(
      kept.map(async ({ key, record }) => {
        const document = documents.get(record.card);
        if (document === undefined || !isFresh(key, now)) return { key, fit: false };
        const opened = this.#open(await hash(document), key, record);
        return { key, fit: await opened.then(serves, () => false) };
      }),
    );
    const unfit = judged.filter(({ fit }) => !fit);
    if (unfit.length === 0) return;
    await this.#storage.transact(PREPARED, "readwrite", async (transaction) => {
      const prepared = transaction.objectStore(PREPARED);
      await Promise.all(unfit.map(({ key }) => result(prepared.delete(key))));
    });
    this.#storage.changes.tell();
  }

  #open(document: string, entry: IDBValidKey, { shape, proof }: PreparedRecord): Promise<Uint8Array<ArrayBuffer>> {
    return this.#storage.seal.open(proof, proofContext(document, entry, shape));
  }

  /** The hash of a card's document, if there is the card. */
  async #documentHash(card: string): Promise<string | undefined> {
    const found = (await this.cards()).find(({ id }) => id === card);
    return found === undefined ? undefined : hash(found.document);
  }

  /** How many prepared proofs there are of a shape, and not too old. */
  async count(shape: Shape, now = Date.now()): Promise<number> {
    const entries = await this.#storage.transact(PREPARED, "readonly", (transaction) =>
      result(
        transaction
          .objectStore(PREPARED)
          .index(BY_SHAPE)
          .getAllKeys([shape.card, shapeKey(shape)]),
      ),
    );
    return entries.filter((entry) => isFresh(entry, now)).length;
  }

  close(): void {
    this.#storage.close();
  }
}

/** One text for each ordered list of elements. */
export function shapeKey({ elements }: Pick<Shape, "elements">): string {
  return JSON.stringify(elements.map(({ namespace, element }) => [namespace, element]));
}

/** A key that no other entry has, after those of all entries that are older. */
function entryKey(now: number): string {
  const serial = toHex(crypto.getRandomValues(new Uint8Array(SERIAL_BYTES)));
  return `${Math.trunc(now).toString().padStart(TIME_DIGITS, "0")}-${serial}`;
}

/** Whether an entry is not too old. One of the future is of a clock that was wrong; other keys are of no entry. */
function isFresh(entry: IDBValidKey, now: number): boolean {
  const made = typeof entry === "string" ? Number(entry.slice(0, TIME_DIGITS)) : NaN;
  return Math.abs(now - made) <= MAX_AGE_MS;
}

/** Deletes what is too old, and the oldest of the rest until one more proof of so many bytes may come. */
async function makeRoom(prepared: IDBObjectStore, bytes: number, now: number): Promise<void> {
  const [entries, records] = await Promise.all([
    result(prepared.getAllKeys()),
    result<PreparedRecord[]>(prepared.getAll()),
  ]);
  let [count, total] = [1, bytes];
  const dropped: IDBValidKey[] = [];
  // The newest first.
  for (let index = entries.length - 1; index >= 0; index -= 1) {
    const [entry, size] = [entries[index], records[index]?.proof.bytes.byteLength ?? 0];
    if (entry === undefined) continue;
    if (isFresh(entry, now) && count < MAX_PROOFS && total + size <= MAX_BYTES) {
      [count, total] = [count + 1, total + size];
    } else {
      dropped.push(entry);
    }
  }
  await Promise.all(dropped.map((entry) => result(prepared.delete(entry))));
}

async function hash(document: Uint8Array<ArrayBuffer>): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", document)));
}

// What is sealed names its place, so that records cannot be exchanged for one another.

function cardContext(id: string): string {
  return `card ${id}`;
}

function proofContext(document: string, entry: IDBValidKey, shape: string): string {
  return `prepared proof, format 2, of document ${document}, entry ${String(entry)}, about ${shape}`;
}
