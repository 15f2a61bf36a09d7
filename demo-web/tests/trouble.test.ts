// Tests what may go wrong: refusals, cancelling, a lost worker, several tabs.

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Page } from "playwright-core";

import { type Demo, inDays } from "./support/demo.ts";
import { Stage } from "./support/stage.ts";

declare global {
  interface Window {
    workers: Worker[];
  }
}

// Without isolation, the prover has one thread, and a call is cancelled by ending its worker.
const stage = new Stage({ isolation: false });

test("a predicate that does not hold cannot be consented to", async () => {
  const demo = await stage.demo();
  await demo.issue();
  await demo.verifier.getByLabel("Value").fill("60");
  await demo.ask();
  await demo.wallet.getByText("predicate", { exact: true }).waitFor();
  assert.equal(await demo.consent.isDisabled(), true);
  await demo.wallet.getByRole("heading", { name: "They would learn, if it could be proven" }).waitFor();
  await demo.screenshot("does-not-hold");
  await demo.wallet.getByRole("button", { name: "Decline" }).click();
  await demo.verifier.getByText("Declined.").first().waitFor();
  await demo.screenshot("declined");
  await demo.close();
});

test("without the document, or an issuer, there is no answer", async () => {
  const demo = await stage.demo();
  await demo.ask();
  await demo.verifier.getByText("issuer_untrusted").waitFor();
  await demo.issue("Age attestation");
  await demo.issue();
  await demo.verifier.getByLabel("Document").selectOption("Age attestation");
  await demo.ask();
  await demo.consent.waitFor();
  // A new request takes the place of an open request and ends it.
  await demo.verifier.getByLabel("Document").selectOption("Mobile driving licence");
  await demo.ask();
  await demo.wallet.getByText("You are 18 or older").waitFor();
  await demo.close();
});

test("a licence of an issuer that is not trusted is refused", async () => {
  const demo = await stage.demo();
  await demo.issuer.getByLabel("Country").selectOption("NZ");
  await demo.issue();
  await demo.issuer.getByLabel("Country").selectOption("UT");
  await demo.issue();
  await demo.prepared(2);
  const prepared = await demo.preparedKeys();
  await demo.verifier.getByLabel("Utopia Driving Licence Authority").uncheck();
  await demo.ask();
  await demo.consent.click();
  await demo.wallet.getByText("issuer_untrusted").waitFor();
  assert.deepEqual(await demo.preparedKeys(), prepared, "what cannot be answered costs no proof");
  await demo.close();
});

test("a request about another time is answered only if the holder insists, and not beyond the document’s end", async () => {
  const demo = await stage.demo();
  await demo.issue();
  await demo.prepared(2);
  await demo.verifier.getByLabel("Another time, UTC").check();
  const other = demo.verifier.getByLabel("Date and time, UTC");
  await other.fill(inDays(10));
  await demo.ask();
  await demo.wallet.getByText("clock", { exact: true }).waitFor();
  assert.equal(await demo.consent.isDisabled(), true);
  await demo.wallet.getByLabel("Answer all the same").check();
  await demo.consent.click();
  await demo.verified.waitFor();

  await other.fill(inDays(60));
  await demo.ask();
  await demo.wallet.getByLabel("Answer all the same").check();
  await demo.consent.click();
  await demo.wallet.getByText("expired", { exact: true }).waitFor();
  await demo.close();
});

test("a request that lay open until its time has passed asks again, and costs no proof", async () => {
  const demo = await stage.demo();
  await demo.issue();
  await demo.prepared(2);
  const prepared = await demo.preparedKeys();
  await demo.ask();
  await demo.consent.waitFor();
  await demo.page.clock.setSystemTime(Date.now() + 6 * 60_000);
  await demo.consent.click();
  await demo.wallet.getByText("clock", { exact: true }).waitFor();
  assert.deepEqual(await demo.preparedKeys(), prepared);
  await demo.wallet.getByLabel("Answer all the same").check();
  await demo.consent.click();
  await demo.verified.waitFor();
  await demo.close();
});

/**
 * Renames the prepared proofs as if another version had made them: the document and the purpose in their new names are
 * unknown.
 */
function ageProofs(page: Page): Promise<void> {
  return page.evaluate(async () => {
    const done = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const database = await done(indexedDB.open("velum-wallet-proofs"));
    const stores = ["entries", "lengths"];
    const transaction = database.transaction(stores, "readwrite");
    for (const store of stores.map((name) => transaction.objectStore(name))) {
      for (const name of await done(store.getAllKeys())) {
        const [document = "", purpose = "", ...others] = String(name).split("-");
        const other = [document, purpose].map((tag) => tag.replaceAll(/./gu, "0"));
        await done(store.add(await done(store.get(name)), [...other, ...others].join("-")));
        await done(store.delete(name));
      }
    }
    database.close();
  });
}

test("proofs that another version prepared are dropped when the page opens", async () => {
  const demo = await stage.demo();
  await demo.issue();
  await demo.prepared(2);
  const old = await demo.preparedKeys();
  await ageProofs(demo.page);
  await demo.page.reload();
  await demo.pool().getByText("0 ready").waitFor();
  await demo.prepared(2);
  const kept = await demo.preparedKeys();
  assert.deepEqual([old.length, kept.length, kept.filter((key) => old.includes(key)).length], [2, 2, 0]);
  await demo.page.reload();
  await demo.prepared(2);
  assert.deepEqual(await demo.preparedKeys(), kept, "those of this version stay");
  await demo.close();
});

test("background work can be paused, and resumed", async () => {
  const demo = await stage.demo();
  await demo.cancelAt("Preparing a proof ahead of time");
  await demo.issue();
  await demo.wallet.getByText("Preparing is paused.").waitFor();
  await demo.wallet.getByRole("button", { name: "Resume" }).click();
  await demo.prepared(2);
  await demo.close();
});

for (const step of ["Signing for this session", "Making the presentation"]) {
  test(`an answer can be cancelled, and asked for again: ${step.toLowerCase()}`, async () => {
    const demo = await stage.demo();
    await demo.issue();
    await demo.prepared(2);
    await demo.ask();
    await demo.consent.waitFor();
    await demo.cancelAt(step);
    await demo.consent.click();
    await demo.wallet.getByText("Cancelled.").waitFor();
    await demo.screenshot("cancelled");
    await demo.consent.click();
    await demo.verified.waitFor();
    await demo.close();
  });
}

/** Opens the page and keeps its workers accessible, so that a test can end them from outside. */
async function openWithWorkersAtHand(): Promise<Demo> {
  const demo = await stage.demo();
  await demo.page.addInitScript(() => {
    window.workers = [];
    const Original = Worker;
    window.Worker = class extends Original {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        window.workers.push(this);
      }
    };
  });
  await demo.page.reload();
  return demo;
}

function endWorkers(page: Page): Promise<number> {
  return page.evaluate(() => {
    for (const worker of window.workers) worker.terminate();
    return window.workers.length;
  });
}

test("a worker that dies is reported, and the next call has another", async () => {
  const demo = await openWithWorkersAtHand();
  await demo.issue();
  await demo.wallet.getByRole("progressbar").waitFor();
  assert.ok((await endWorkers(demo.page)) > 0);
  await demo.wallet.getByText("worker_failed", { exact: true }).waitFor();
  await demo.screenshot("worker-failed");
  await demo.wallet.getByRole("button", { name: "Try again" }).click();
  await demo.prepared(2);
  await demo.ask();
  await demo.consent.click();
  await demo.verified.waitFor();
  await demo.close();
});

test("a verifier that breaks down has not refused anything", async () => {
  const demo = await openWithWorkersAtHand();
  await demo.story();
  await demo.page.evaluate(() => {
    document.querySelector<HTMLElement>("[data-tamper=byte]")?.click();
    // Verification takes many times as long as it takes to get here.
    setTimeout(() => {
      for (const worker of window.workers) worker.terminate();
    });
  });
  const attempt = demo.verifier.locator("[data-attempt=byte]");
  await attempt.getByText("Not judged").waitFor();
  assert.equal(await attempt.locator(".code").innerText(), "worker_failed");
  assert.equal(await attempt.getByText("Refused").count(), 0);
  await demo.screenshot("not-judged");
  await demo.verifier.getByRole("button", { name: "Change a byte" }).click();
  await attempt.getByText("Refused").waitFor();
  await demo.close();
});

test("two tabs share the wallet and never a proof", async () => {
  const demo = await stage.demo();
  await demo.issue();
  await demo.prepared(2);
  const other = await demo.tab();
  await other.prepared(2);
  for (const tab of [demo, other]) {
    await tab.page.bringToFront();
    await tab.ask();
    await tab.consent.waitFor();
  }
  await Promise.all([demo, other].map((tab) => tab.consent.click()));
  await Promise.all([demo, other].map((tab) => tab.verified.waitFor()));
  const commitment = async (tab: Demo): Promise<string> => {
    await tab.verifier.getByText("The answer as sent").click();
    return tab.verifier.getByRole("row").filter({ hasText: "Commitment" }).innerText();
  };
  assert.notEqual(await commitment(demo), await commitment(other));
  await demo.prepared(2);
  await other.prepared(2);
  await demo.close();
});
