// What a person does on the page, in any engine. The steps are those of `Demo`, each as a function that runs on the
// page.

import { setTimeout as wait } from "node:timers/promises";

import type { Engine, EnginePage } from "./engines.ts";

/** How long a step may take to become possible. */
const WAIT_MS = 120_000;

/** A part of the page, as a selector. */
type Part = string;

export class Visitor {
  readonly page: EnginePage;

  constructor(page: EnginePage) {
    this.page = page;
  }

  static async open(engine: Engine, url: string, isolation: boolean): Promise<Visitor> {
    const visitor = new Visitor(await engine.open(url, { sharesMemory: isolation }));
    await visitor.watch();
    await visitor.see("#issuer", "Issue into the wallet");
    return visitor;
  }

  /** Records what goes wrong from now on, until the page is reloaded. */
  watch(): Promise<void> {
    return this.page.evaluate(() => {
      const troubles: string[] = [];
      addEventListener("error", ({ message }) => troubles.push(message));
      addEventListener("unhandledrejection", ({ reason }) => troubles.push(String(reason)));
      addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
        troubles.push(`${violatedDirective}: ${blockedURI}`),
      );
      Object.assign(globalThis, { troubles });
    }, undefined);
  }

  troubles(): Promise<string[]> {
    return this.page.evaluate(() => (globalThis as unknown as { troubles: string[] }).troubles, undefined);
  }

  /** Waits until a part shows a text. It asks repeatedly, because the page may be reloaded in the meantime. */
  async see(part: Part, text: string): Promise<void> {
    const until = Date.now() + WAIT_MS;
    const shown = (): Promise<string> =>
      this.page.evaluate((part) => document.querySelector<HTMLElement>(part)?.innerText ?? "", part);
    for (let seen = await shown(); !seen.includes(text); seen = await shown()) {
      if (Date.now() > until) throw new Error(`${part} does not show "${text}" but "${seen}"`);
      await wait(50);
    }
  }

  /** Clicks the element with this text in a part, once it can be clicked. */
  click(part: Part, text: string): Promise<void> {
    return this.page.evaluate(
      async ({ part, text, until }) => {
        const sought = (): HTMLElement | undefined =>
          [...document.querySelectorAll<HTMLElement>(`${part} :is(button:enabled, summary, label)`)].find(
            (element) => element.checkVisibility() && element.innerText.trim() === text,
          );
        for (let found = sought(); ; found = sought()) {
          if (found !== undefined) return found.click();
          if (Date.now() > until) throw new Error(`there is no "${text}" to click in ${part}`);
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      },
      { part, text, until: Date.now() + WAIT_MS },
    );
  }

  /** Sets the field with this label in a part to a value, or to the option with this name. */
  fill(part: Part, label: string, value: string): Promise<void> {
    return this.page.evaluate(
      ({ part, label, value }) => {
        type Field = HTMLInputElement | HTMLSelectElement;
        const fields = [...document.querySelectorAll<Field>(`${part} :is(input, select)`)];
        const named = (field: Field): boolean =>
          field.ariaLabel === label || [...(field.labels ?? [])].some(({ innerText }) => innerText.trim() === label);
        const field = fields.find(named);
        if (field === undefined) throw new Error(`there is no field "${label}" in ${part}`);
        const choices = field instanceof HTMLSelectElement ? [...field.options] : [];
        field.value = choices.find((choice) => choice.label === value)?.value ?? value;
        for (const type of ["input", "change"]) field.dispatchEvent(new Event(type, { bubbles: true }));
      },
      { part, label, value },
    );
  }

  /** The texts of all elements that match a selector. */
  texts(selector: string): Promise<string[]> {
    return this.page.evaluate(
      (selector) => [...document.querySelectorAll<HTMLElement>(selector)].map(({ innerText }) => innerText),
      selector,
    );
  }

  /** The text of the first element that matches a selector. */
  async text(selector: string): Promise<string> {
    const [text] = await this.texts(selector);
    if (text === undefined) throw new Error(`there is no ${selector}`);
    return text;
  }

  /** Reloads the page. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.watch();
  }

  async issue(kind = "Mobile driving licence"): Promise<void> {
    await this.click("#issuer", kind);
    await this.click("#issuer", "Issue into the wallet");
    await this.see("#issuer", `${kind} issued.`);
  }

  /** Waits until two proofs are ready. */
  prepared(): Promise<void> {
    return this.see("#wallet", "2 ready");
  }

  ask(): Promise<void> {
    return this.click("#verifier", "Ask the wallet");
  }

  consent(): Promise<void> {
    return this.click("#wallet", "Prove it");
  }

  verified(): Promise<void> {
    return this.see("#verifier .verdict", "Verified");
  }

  /** Issues, prepares, asks, consents, and waits for the verdict. */
  async story(kind?: string): Promise<void> {
    await this.issue(kind);
    await this.prepared();
    if (kind !== undefined) await this.fill("#verifier", "Document", kind);
    await this.ask();
    await this.consent();
    await this.verified();
  }
}
