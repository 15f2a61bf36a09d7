// A database with a seal for its contents, which notifies every tab of its changes.

import { Changes } from "./changes.ts";
import { openDatabase, transact } from "./database.ts";
import { KEY_STORE, Seal } from "./seal.ts";

export class SealedDatabase {
  readonly #database: IDBDatabase;
  readonly seal: Seal;
  readonly changes: Changes;

  private constructor(database: IDBDatabase, seal: Seal) {
    this.#database = database;
    this.seal = seal;
    this.changes = new Changes(database.name);
  }

  /** Opens a database. If it does not exist yet, `create` creates its stores. */
  static async open(name: string, create: (database: IDBDatabase) => void): Promise<SealedDatabase> {
    const database = await openDatabase(name, (created) => {
      created.createObjectStore(KEY_STORE);
      create(created);
    });
    return new SealedDatabase(database, await Seal.of(database));
  }

  /** Runs `work` in one transaction: see {@link transact}. */
  transact<T>(
    stores: string | string[],
    mode: IDBTransactionMode,
    work: (transaction: IDBTransaction) => Promise<T>,
  ): Promise<T> {
    return transact(this.#database, stores, mode, work);
  }

  close(): void {
    this.changes.close();
    this.#database.close();
  }
}
