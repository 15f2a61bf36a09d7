// IndexedDB with promises. This module knows stores and transactions, but not what is kept in them.

/** An error of the browser's storage, which says what to do about it. */
export class StorageError extends Error {
  override readonly name = "StorageError";
  readonly where: string;

  constructor(where: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.where = where;
  }
}

const CLOSED = "the browser’s storage cannot be opened; allow this site to store data, or leave private browsing";

/** Opens a database. If it does not exist yet, `create` creates its stores. */
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
      // Another tab may delete the database ("forget everything"). The deletion waits until this tab has closed its
      // connection.
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

/** Deletes a database, once every tab has closed it. */
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

/** Resolves to the result of one IndexedDB request. */
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
 * Runs `work` in one transaction, and resolves after the transaction is committed. An error in `work` aborts the
 * transaction.
 *
 * `work` may await only requests of this transaction, because the transaction ends by itself when no request is
 * pending.
 */
export async function transact<T>(
  database: IDBDatabase,
  stores: string | string[],
  mode: IDBTransactionMode,
  work: (transaction: IDBTransaction) => Promise<T>,
): Promise<T> {
  // Strict durability: a committed change must survive a crash of the machine.
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
      // The transaction has already ended.
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
