// The wallet's storage in a real browser: what lies sealed, what can be taken once, what no script can read.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import type { Page } from "playwright-core";

import type {} from "./harness/expose.ts";
import { open, type Opened } from "./support/browser.ts";
import { Stage } from "./support/stage.ts";

const stage = new Stage({ folder: "build/harness" });
let opened: Opened;

before(async () => {
  const { browser, url } = await stage.running();
  opened = await open(browser, url);
  await ready(opened.page);
});

async function ready(page: Page): Promise<void> {
  await page.waitForFunction(() => "harness" in window);
}

/** Puts a card and so many proofs in the vault: proof n is a byte n. */
function stock(page: Page, card: string, proofs: number): Promise<void> {
  return page.evaluate(
    async ([id, count]) => {
      const { Vault, makeDeviceKey } = window.harness;
      const vault = await Vault.open();
      const deviceKey = await makeDeviceKey();
      const document = new TextEncoder().encode("the name is Sample");
      await vault.keep({ id, docType: "type", document, deviceKey, issuerName: "issuer", issuerRoot: "root" });
      const shape = { card: id, elements: [{ namespace: "n", element: "e" }] };
      for (let proof = 0; proof < count; proof += 1) {
        await vault.add(shape, { bytes: Uint8Array.of(proof), ms: 1, stages: [] });
      }
      vault.close();
    },
    [card, proofs] as const,
  );
}

/** Takes so many at once; gives those that there were. */
function take(page: Page, card: string, times: number): Promise<number[]> {
  return page.evaluate(
    async ([id, count]) => {
      const vault = await window.harness.Vault.open();
      const shape = { card: id, elements: [{ namespace: "n", element: "e" }] };
      const taken = await Promise.all(Array.from({ length: count }, () => vault.take(shape)));
      vault.close();
      return taken.flatMap((proof) => (proof === undefined ? [] : [...proof.bytes]));
    },
    [card, times] as const,
  );
}

test("two tabs that take at once never get the same proof", async () => {
  const PROOFS = 20;
  await stock(opened.page, "a", PROOFS);
  const other = await opened.context.newPage();
  await other.goto(opened.page.url());
  await ready(other);
  const [here, there] = await Promise.all([take(opened.page, "a", PROOFS), take(other, "a", PROOFS)]);
  assert.deepEqual(
    [...here, ...there].sort((one, two) => one - two),
    Array.from({ length: PROOFS }, (_, proof) => proof),
  );
  assert.deepEqual(await take(other, "a", 1), []);
  await other.close();
});

test("a proof is only for its own elements", async () => {
  await stock(opened.page, "b", 1);
  const found = await opened.page.evaluate(async () => {
    const vault = await window.harness.Vault.open();
    const names = [
      { namespace: "n", element: "e" },
      { namespace: "n", element: "f" },
    ];
    const others = [names, [...names].reverse(), names.slice(1)];
    const taken = await Promise.all(others.map((elements) => vault.take({ card: "b", elements })));
    vault.close();
    return taken.filter((proof) => proof !== undefined).length;
  });
  assert.equal(found, 0);
});

test("a card that replaces another takes its proofs away, and none can be added for the old one", async () => {
  await stock(opened.page, "old", 3);
  await stock(opened.page, "new", 0);
  assert.deepEqual(await take(opened.page, "old", 3), []);
  const added = await opened.page.evaluate(async () => {
    const vault = await window.harness.Vault.open();
    const proof = { bytes: Uint8Array.of(1), ms: 1, stages: [] };
    const outcome = await vault.add({ card: "old", elements: [] }, proof);
    vault.close();
    return outcome;
  });
  assert.equal(added, false);
});

test("documents and proofs lie sealed, under a key that cannot be read", async () => {
  await stock(opened.page, "c", 1);
  const { text, extractable, exported } = await opened.page.evaluate(async () => {
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const opening = indexedDB.open(window.harness.DATABASE);
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error);
    });
    const all = (store: string): Promise<unknown[]> =>
      new Promise((resolve, reject) => {
        const reading = database.transaction(store).objectStore(store).getAll();
        reading.onsuccess = () => resolve(reading.result as unknown[]);
        reading.onerror = () => reject(reading.error);
      });
    const [keys, cards, prepared] = [await all("keys"), await all("cards"), await all("prepared")];
    database.close();
    const bytes: string[] = [];
    JSON.stringify([cards, prepared], (_, value: unknown) => {
      if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
        bytes.push(new TextDecoder("latin1").decode(value));
        return "bytes";
      }
      return value;
    });
    const device = (cards[0] as { deviceKey: CryptoKeyPair }).deviceKey.privateKey;
    const secret = [...(keys as CryptoKey[]), device];
    const tries = secret.map((key) =>
      crypto.subtle.exportKey("jwk", key).then(
        () => true,
        () => false,
      ),
    );
    return {
      text: bytes.join(),
      extractable: secret.map((key) => key.extractable),
      exported: await Promise.all(tries),
    };
  });
  assert.ok(text.length > 0 && !text.includes("Sample"));
  assert.deepEqual(extractable, [false, false]);
  assert.deepEqual(exported, [false, false]);
});

test("bytes that were changed at rest do not open, and the next proof is taken", async () => {
  await stock(opened.page, "d", 2);
  await opened.page.evaluate(async () => {
    const { DATABASE } = window.harness;
    const database = await new Promise<IDBDatabase>((resolve) => {
      const opening = indexedDB.open(DATABASE);
      opening.onsuccess = () => resolve(opening.result);
    });
    await new Promise((resolve) => {
      const transaction = database.transaction("prepared", "readwrite");
      transaction.oncomplete = resolve;
      transaction.objectStore("prepared").openCursor().onsuccess = (event) => {
        const cursor = (event.target as IDBRequest<IDBCursorWithValue | null>).result;
        const record = cursor?.value as { proof: { bytes: ArrayBuffer } } | undefined;
        if (cursor === null || record === undefined) return;
        const bytes = new Uint8Array(record.proof.bytes);
        bytes[0] = (bytes[0] ?? 0) ^ 1;
        cursor.update(record);
      };
    });
    database.close();
  });
  assert.equal((await take(opened.page, "d", 1)).length, 1);
  assert.deepEqual(await take(opened.page, "d", 1), []);
});

test("an entry that is copied to another key does not open", async () => {
  await stock(opened.page, "copied", 1);
  await opened.page.evaluate(async () => {
    const database = await new Promise<IDBDatabase>((resolve) => {
      const opening = indexedDB.open(window.harness.DATABASE);
      opening.onsuccess = () => resolve(opening.result);
    });
    await new Promise((resolve) => {
      const transaction = database.transaction("prepared", "readwrite");
      transaction.oncomplete = resolve;
      const prepared = transaction.objectStore("prepared");
      prepared.openCursor().onsuccess = (event) => {
        const cursor = (event.target as IDBRequest<IDBCursorWithValue | null>).result;
        if (cursor !== null) prepared.add(cursor.value, `${String(cursor.key).slice(0, -1)}x`);
      };
    });
    database.close();
  });
  assert.deepEqual(await take(opened.page, "copied", 2), [0]);
});

test("the pool is bounded in number, age and bytes, the oldest going first", async () => {
  const [counts, oldest, aged, large] = await opened.page.evaluate(async () => {
    const { Vault, makeDeviceKey } = window.harness;
    const vault = await Vault.open();
    const [deviceKey, document] = [await makeDeviceKey(), Uint8Array.of(1)];
    await vault.keep({ id: "many", docType: "type", document, deviceKey, issuerName: "issuer", issuerRoot: "root" });
    const shape = { card: "many", elements: [] };
    const now = Date.now();
    for (let proof = 0; proof < 34; proof += 1) {
      await vault.add(shape, { bytes: Uint8Array.of(proof), ms: 1, stages: [] }, now + proof);
    }
    const month = 31 * 86_400_000;
    const counts = [await vault.count(shape), await vault.count(shape, now + month)];
    const oldest = await vault.take(shape);
    const aged = await vault.take(shape, now + month);
    for (let proof = 0; proof < 3; proof += 1) {
      await vault.add(shape, { bytes: new Uint8Array(12 * 1024 * 1024), ms: 1, stages: [] }, now + 100 + proof);
    }
    const large = await vault.count(shape);
    vault.close();
    return [counts, [...(oldest?.bytes ?? [])], aged, large] as const;
  });
  assert.deepEqual(counts, [32, 0]);
  assert.deepEqual(oldest, [2]);
  assert.equal(aged, undefined);
  assert.equal(large, 2);
});

test("the device key signs as ES256 does, r || s", async () => {
  const { point, signature, verified } = await opened.page.evaluate(async () => {
    const { makeDeviceKey, publicPoint, sign } = window.harness;
    const key = await makeDeviceKey();
    const message = new Uint8Array([1, 2, 3]);
    const signed = await sign(key, message);
    const algorithm = { name: "ECDSA", hash: "SHA-256" };
    return {
      point: [...(await publicPoint(key))],
      signature: signed.length,
      verified: await crypto.subtle.verify(algorithm, key.publicKey, signed, message),
    };
  });
  assert.equal(point.length, 65);
  assert.equal(point[0], 4);
  assert.deepEqual([signature, verified], [64, true]);
});

test("work that needs a lock waits for it over tabs, or is told that it is taken", async () => {
  const other = await opened.context.newPage();
  await other.goto(opened.page.url());
  await ready(other);
  await opened.page.evaluate(() => {
    const free = new Promise<void>((resolve) => addEventListener("free", () => resolve(), { once: true }));
    void window.harness.exclusively("lock", () => free);
  });
  const attempt = (): Promise<boolean> => other.evaluate(() => window.harness.ifFree("lock", async () => {}));
  assert.equal(await attempt(), false);
  await opened.page.evaluate(() => dispatchEvent(new Event("free")));
  await other.evaluate(() => window.harness.exclusively("lock", async () => {}));
  assert.equal(await attempt(), true);
  await other.close();
});
