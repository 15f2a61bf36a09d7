// Stores sealed proofs in IndexedDB, under an AES key that no script can read. This module knows nothing about proofs
// or about the pool's rules.
//
// Every removal is a transaction of its own, which the browser orders with the transactions of all other tabs. Only one
// caller learns that it removed an entry, and only after the removal is on disk.

const KEYS = "keys";
const ENTRIES = "entries";
/** The length of each entry, so that entries can be counted without being read. */
const LENGTHS = "lengths";
const KEY = "sealing key";

const ALGORITHM = "AES-GCM";
const NONCE_BYTES = 12;

type Bytes = Uint8Array<ArrayBuffer>;

/** Why the keeper did not do its work, as the pool learns it. */
export interface Trouble {
  kind: "full" | "failed" | "refused" | "does not open";
  message: string;
}

/** Stores and seals entries under names. */
export class Keeper {
  readonly #name: string;
  #opened: Promise<{ database: IDBDatabase; key: CryptoKey }> | undefined;

  /** Opens nothing yet. */
  constructor(name: string) {
    this.#name = name;
  }

  async list(): Promise<[name: string, bytes: number][]> {
    return this.#transact([LENGTHS], "readonly", async (transaction) => {
      const store = transaction.objectStore(LENGTHS);
      const [names, lengths] = await Promise.all([result(store.getAllKeys()), result<unknown[]>(store.getAll())]);
      return names.map((name, place) => [name as string, lengths[place] as number]);
    });
  }

  async put(name: string, sealed: Bytes): Promise<void> {
    await this.#transact([ENTRIES, LENGTHS], "readwrite", async (transaction) => {
      await result(transaction.objectStore(ENTRIES).add(sealed, name));
      await result(transaction.objectStore(LENGTHS).add(sealed.length, name));
    });
  }

  async read(name: string): Promise<Bytes | null> {
    const read = (transaction: IDBTransaction) => result<unknown>(transaction.objectStore(ENTRIES).get(name));
    return ((await this.#transact([ENTRIES], "readonly", read)) as Bytes | undefined) ?? null;
  }

  async remove(name: string): Promise<boolean> {
    return this.#transact([ENTRIES, LENGTHS], "readwrite", async (transaction) => {
      const [entries, lengths] = [transaction.objectStore(ENTRIES), transaction.objectStore(LENGTHS)];
      if ((await result(entries.getKey(name))) === undefined) return false;
      await Promise.all([result(entries.delete(name)), result(lengths.delete(name))]);
      return true;
    });
  }

  async seal(plain: Bytes, associated: Bytes): Promise<Bytes> {
    const { key } = await this.#open();
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    try {
      const sealed = new Uint8Array(await crypto.subtle.encrypt(parameters(nonce, associated), key, plain));
      const whole = new Uint8Array(nonce.length + sealed.length);
      whole.set(nonce);
      whole.set(sealed, nonce.length);
      return whole;
    } catch (reason) {
      throw trouble("refused", reason);
    }
  }

  async open(sealed: Bytes, associated: Bytes): Promise<Bytes> {
    const { key } = await this.#open();
    const [nonce, bytes] = [sealed.slice(0, NONCE_BYTES), sealed.slice(NONCE_BYTES)];
    try {
      return new Uint8Array(await crypto.subtle.decrypt(parameters(nonce, associated), key, bytes));
    } catch (reason) {
      // WebCrypto has only this error for bytes that were changed, moved, or sealed with another key.
      const changed = (reason as Partial<Error> | undefined)?.name === "OperationError";
      throw trouble(changed ? "does not open" : "refused", reason);
    }
  }

  /** Closes the database. The next call opens it again. */
  close(): void {
    const opened = this.#opened;
    this.#opened = undefined;
    opened?.then(
      ({ database }) => database.close(),
      () => undefined,
    );
  }

  async #transact<T>(
    stores: string[],
    mode: IDBTransactionMode,
    work: (transaction: IDBTransaction) => Promise<T>,
  ): Promise<T> {
    const { database } = await this.#open();
    try {
      return await transact(database, stores, mode, work);
    } catch (reason) {
      // The browser closed the database, for example to evict it. Its content is gone, and the pool begins anew.
      if ((reason as Partial<Error> | undefined)?.name !== "InvalidStateError") throw stored(reason);
      this.#opened = undefined;
      const reopened = await this.#open();
      return transact(reopened.database, stores, mode, work).catch((again: unknown) => {
        throw stored(again);
      });
    }
  }

  #open(): Promise<{ database: IDBDatabase; key: CryptoKey }> {
    const opened = (this.#opened ??= this.#opening().catch((reason: unknown) => {
      this.#opened = undefined;
      throw stored(reason);
    }));
    return opened;
  }

  async #opening(): Promise<{ database: IDBDatabase; key: CryptoKey }> {
    if (typeof indexedDB === "undefined")
      throw new Error("this environment has no IndexedDB; use the pool in a page or a worker");
    const database = await openDatabase(this.#name);
    const forget = () => {
      this.#opened = undefined;
    };
    database.addEventListener("close", forget);
    database.addEventListener("versionchange", () => {
      // Another tab deletes the database, and waits until this tab closes it.
      database.close();
      forget();
    });
    return { database, key: await sealingKey(database) };
  }
}

/** The key of a database, made on first use. If two tabs make a key, the first one that is stored wins. */
async function sealingKey(database: IDBDatabase): Promise<CryptoKey> {
  const read = (transaction: IDBTransaction) =>
    result(transaction.objectStore(KEYS).get(KEY) as IDBRequest<CryptoKey | undefined>);
  const kept = await transact(database, [KEYS], "readonly", read);
  if (kept !== undefined) return kept;
  const made = await crypto.subtle.generateKey({ name: ALGORITHM, length: 256 }, false, ["encrypt", "decrypt"]);
  return transact(database, [KEYS], "readwrite", async (transaction) => {
    const first = await read(transaction);
    if (first !== undefined) return first;
    await result(transaction.objectStore(KEYS).add(made, KEY));
    return made;
  });
}

function parameters(nonce: Bytes, associated: Bytes): AesGcmParams {
  return { name: ALGORITHM, iv: nonce, additionalData: associated };
}

function openDatabase(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(name, 1);
    opening.onupgradeneeded = () => {
      for (const store of [KEYS, ENTRIES, LENGTHS]) opening.result.createObjectStore(store);
    };
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error ?? new Error("the database cannot be opened"));
    opening.onblocked = () => reject(new Error("another tab has an older version open; close the other tabs"));
  });
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("a request failed"));
  });
}

/** Runs `work` and resolves once the transaction is on disk. `work` must await only requests of this transaction. */
async function transact<T>(
  database: IDBDatabase,
  stores: string[],
  mode: IDBTransactionMode,
  work: (transaction: IDBTransaction) => Promise<T>,
): Promise<T> {
  const transaction = database.transaction(stores, mode, { durability: "strict" });
  const committed = new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("the transaction was aborted"));
  });
  // If `work` fails, its own reason is reported.
  committed.catch(() => undefined);
  const value = await work(transaction);
  await committed;
  return value;
}

function stored(reason: unknown): Trouble {
  if (isTrouble(reason)) return reason;
  const isFull = (reason as Partial<Error> | undefined)?.name === "QuotaExceededError";
  return trouble(isFull ? "full" : "failed", reason);
}

function isTrouble(reason: unknown): reason is Trouble {
  return typeof reason === "object" && reason !== null && "kind" in reason;
}

function trouble(kind: Trouble["kind"], reason: unknown): Trouble {
  const { name, message } = Object(reason) as Partial<Error>;
  return { kind, message: [name, message].filter((part) => part).join(": ") || "no reason was given" };
}
