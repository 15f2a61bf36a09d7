// Tests the wallet's storage in a real browser: what is sealed, what no script can read, how the device key signs, and
// how tabs lock each other out.

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

/** Puts a card in the vault. */
function stock(page: Page, card: string): Promise<void> {
  return page.evaluate(async (id) => {
    const { Vault, makeDeviceKey } = window.harness;
    const vault = await Vault.open();
    const deviceKey = await makeDeviceKey();
    const document = new TextEncoder().encode("the name is Sample");
    await vault.keep({ id, docType: "type", document, deviceKey, issuerName: "issuer", issuerRoot: "root" });
    vault.close();
  }, card);
}

test("a card takes the place of the one of its docType", async () => {
  await stock(opened.page, "old");
  await stock(opened.page, "new");
  const cards = await opened.page.evaluate(async () => {
    const vault = await window.harness.Vault.open();
    const kept = await vault.cards();
    vault.close();
    return kept.map(({ id, document }) => [id, new TextDecoder().decode(document)]);
  });
  assert.deepEqual(cards, [["new", "the name is Sample"]]);
});

test("documents lie sealed, under a key that cannot be read", async () => {
  await stock(opened.page, "c");
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
    const [keys, cards] = [await all("keys"), await all("cards")];
    database.close();
    const bytes: string[] = [];
    JSON.stringify(cards, (_, value: unknown) => {
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
