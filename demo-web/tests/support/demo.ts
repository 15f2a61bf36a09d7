// What a person does on the page. Elements are found by the names that a screen reader would read.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { env } from "node:process";

import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";

import { open, type Opened, type Watch } from "./browser.ts";

const ARTEFACTS = env["VELUM_ARTEFACTS"] ?? "build/screenshots";

/** The content of a field for date and time, `days` days from now. */
export function inDays(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 16);
}

/** The folder of the built page. */
export const DIST = "dist";

export async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync(ARTEFACTS, { recursive: true });
  // Otherwise, sticky elements would be drawn at the position to which they have scrolled.
  await page.evaluate(() => {
    scrollTo({ top: 0, behavior: "instant" });
  });
  await page.screenshot({ path: join(ARTEFACTS, `${name}.png`), fullPage: true });
}

function choose(field: Locator, name: string, buffer: Buffer): Promise<void> {
  return field.setInputFiles({ name, mimeType: "application/octet-stream", buffer });
}

export class Demo {
  readonly page: Page;
  readonly watch: Watch;
  readonly issuer: Locator;
  readonly wallet: Locator;
  readonly verifier: Locator;
  readonly #opened: Opened;

  constructor(opened: Opened) {
    this.#opened = opened;
    this.page = opened.page;
    this.watch = opened.watch;
    this.issuer = this.page.getByRole("region", { name: "Issuer" });
    this.wallet = this.page.getByRole("region", { name: "Wallet" });
    this.verifier = this.page.getByRole("region", { name: "Verifier" });
  }

  static async open(browser: Browser, url: string, options?: BrowserContextOptions): Promise<Demo> {
    const demo = new Demo(await open(browser, url, options));
    await demo.issuer.getByRole("button", { name: "Issue into the wallet" }).waitFor();
    return demo;
  }

  /** Opens another tab of the same profile. */
  async tab(): Promise<Demo> {
    const page = await this.#opened.context.newPage();
    await page.goto(this.page.url());
    return new Demo({ ...this.#opened, page });
  }

  async issue(kind: "Mobile driving licence" | "Age attestation" = "Mobile driving licence"): Promise<void> {
    await this.issuer.getByLabel(kind).check();
    await this.issuer.getByRole("button", { name: "Issue into the wallet" }).click();
    await this.issuer.getByText(`${kind} issued.`).waitFor();
  }

  /** Waits until `count` proofs about some elements are ready. */
  async prepared(count: number, about = "Date of birth"): Promise<void> {
    await this.pool(about).getByText(`${count} ready`).waitFor();
  }

  pool(about = "Date of birth"): Locator {
    return this.wallet.getByRole("listitem").filter({ hasText: about }).filter({ hasText: "ready" });
  }

  /** The keys of the prepared proofs in the wallet's storage. No key is given to two proofs. */
  preparedKeys(): Promise<IDBValidKey[]> {
    return this.page.evaluate(
      () =>
        new Promise<IDBValidKey[]>((resolve, reject) => {
          const opening = indexedDB.open("velum-wallet-proofs");
          opening.onerror = () => reject(opening.error);
          opening.onsuccess = () => {
            const reading = opening.result.transaction("entries").objectStore("entries").getAllKeys();
            reading.onsuccess = () => resolve(reading.result);
            reading.onerror = () => reject(reading.error);
            opening.result.close();
          };
        }),
    );
  }

  async ask(): Promise<void> {
    await this.verifier.getByRole("button", { name: "Ask the wallet" }).click();
  }

  /** Asks another device, and returns the question as the page saves it. */
  async askElsewhere(): Promise<Buffer> {
    await this.verifier.getByRole("button", { name: "Ask another device" }).click();
    return this.saved("Save the question as a file", "velum.question.json");
  }

  /** The content that a button saves under the name `name`. */
  async saved(button: string, name: string): Promise<Buffer> {
    const downloading = this.page.waitForEvent("download");
    await this.page.getByRole("button", { name: button }).click();
    const download = await downloading;
    assert.equal(download.suggestedFilename(), name);
    return readFileSync(await download.path());
  }

  /** Unfolds the section of a role that is folded under a line. */
  async unfold(role: Locator, line: string): Promise<void> {
    const folded = role.locator("details:not([open])", { has: this.page.getByText(line, { exact: true }) });
    if ((await folded.count()) > 0) await folded.locator("summary").click();
  }

  /** Gives the wallet a question from another device. */
  async takeQuestion(question: Buffer): Promise<void> {
    await this.unfold(this.wallet, "Take a question from another device");
    await choose(this.wallet.getByLabel("The question from a file"), "velum.question.json", question);
  }

  /** Gives the verifier an answer from another device. */
  async takeAnswer(presentation: Buffer): Promise<void> {
    await choose(this.verifier.getByLabel("The answer from a file"), "velum.presentation.cbor", presentation);
  }

  /** Makes the verifier trust a root from a file. */
  async trust(root: Buffer): Promise<void> {
    await this.unfold(this.verifier, "Trust an issuer from another device");
    await choose(this.verifier.getByLabel("Its root certificate, PEM"), "elsewhere.pem", root);
  }

  /**
   * Cancels a step of the wallet's work as soon as it begins. The step may be over before anyone could reach the
   * button.
   */
  cancelAt(step: string): Promise<void> {
    return this.page.evaluate((name) => {
      const watch = new MutationObserver(() => {
        const work = [...document.querySelectorAll("#wallet .work")].find((shown) => shown.textContent?.includes(name));
        const cancel = work?.querySelector("button");
        if (cancel === undefined || cancel === null) return;
        watch.disconnect();
        cancel.click();
      });
      watch.observe(document.body, { childList: true, subtree: true });
    }, step);
  }

  get consent(): Locator {
    return this.wallet.getByRole("button", { name: "Prove it" });
  }

  get verified(): Locator {
    return this.verifier.getByText("Verified", { exact: true }).first();
  }

  /** Issues, prepares, asks, consents, and waits for the verdict. */
  async story(kind: "Mobile driving licence" | "Age attestation" = "Mobile driving licence"): Promise<void> {
    await this.issue(kind);
    await this.prepared(2, kind === "Age attestation" ? "Over 18" : "Date of birth");
    if (kind === "Age attestation") await this.verifier.getByLabel("Document").selectOption("Age attestation");
    await this.ask();
    await this.consent.click();
    await this.verified.waitFor();
  }

  screenshot(name: string): Promise<void> {
    return screenshot(this.page, name);
  }

  environment(what: "build" | "gpu" | "isolated" | "reason"): Promise<string> {
    return this.page.locator(`[data-environment=${what}]`).innerText();
  }

  /**
   * Closes the profile. Nothing may have gone wrong unseen, and nothing may have left the origin except to `markets`.
   */
  async close(markets: readonly string[] = []): Promise<void> {
    await this.#opened.context.close();
    const foreign = this.watch.foreign.filter((url) => !markets.some((market) => url.startsWith(market)));
    assert.deepEqual(foreign, [], "requests to other origins");
    assert.deepEqual(this.watch.errors, [], "errors and breaches of the policy");
  }
}
