// IndexedDB with promises. Knows stores and transactions, nothing of what is kept in them.

/** What went wrong with the browser's storage, and what to do about it. */
export class StorageError extends Error {
  override readonly name = "StorageError";
  readonly where: string;

  constructor(where: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.where = where;
  }
}

const CLOSED = "the browser’s storage cannot be opened; allow this site to store data, or leave private browsing";

/** Opens a database, made by `create` where it does not exist yet. */
export function openDatabase(name: string, create: (database: IDBDatabase) => void): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string, cause?: unknown): void => {
      reject(new StorageError(`database ${name}`, reason, cause));
    };
    let opening: IDBOpenDBRequest;
    try {
      opening = indexedDB.open(name, 1);
    } catch (cause) {
      fail(CLOSED, cause);
      return;
    }
    opening.onupgradeneeded = () => {
      create(opening.result);
    };
    opening.onsuccess = () => {
      const database = opening.result;
      // Another tab may delete the database ("forget everything"), which waits for this one to let go.
      database.onversionchange = () => {
        database.close();
      };
      resolve(database);
    };
    opening.onerror = () => {
      fail(CLOSED, opening.error);
    };
    opening.onblocked = () => {
      fail("is held open by another tab; close the other tabs of this page and reload");
    };
  });
}

/** Deletes a database, once every tab has let go of it. */
export function deleteDatabase(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const deleting = indexedDB.deleteDatabase(name);
    deleting.onsuccess = () => {
      resolve();
    };
    deleting.onerror = () => {
      const message = "cannot be deleted; clear this site's data in the browser's settings";
      reject(new StorageError(`database ${name}`, message, deleting.error));
    };
  });
}

/** The result of one IndexedDB request. */
export function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => {
      resolve(request.result);
    };
    request.onerror = () => {
      reject(storageFailure(request.error));
    };
  });
}

/**
 * Runs `work` in one transaction and resolves after it is committed; an error in `work` aborts it.
 *
 * `work` may await nothing but requests of this transaction: it ends by itself when none is pending.
 */
export async function transact<T>(
  database: IDBDatabase,
  stores: string | string[],
  mode: IDBTransactionMode,
  work: (transaction: IDBTransaction) => Promise<T>,
): Promise<T> {
  // Strict: what was taken must stay taken after a crash of the machine.
  const transaction = database.transaction(stores, mode, { durability: "strict" });
  const committed = new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => {
      resolve();
    };
    transaction.onabort = () => {
      reject(storageFailure(transaction.error));
    };
  });
  try {
    const value = await work(transaction);
    await committed;
    return value;
  } catch (error) {
    committed.catch(() => undefined);
    try {
      transaction.abort();
    } catch {
      // It has ended already.
    }
    throw error;
  }
}

function storageFailure(cause: DOMException | null): StorageError {
  const full = cause?.name === "QuotaExceededError";
  const message = full
    ? "the browser's storage is full; free space on this device or forget prepared proofs"
    : `the browser's storage failed (${cause?.name ?? "aborted"}); reload the page and try again`;
  return new StorageError("storage", message, cause);
}
