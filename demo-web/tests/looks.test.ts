// Tests how the page looks and whether everyone can use it: widths, colour schemes, keyboard, accessibility.

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Page } from "playwright-core";

import { barriers } from "./support/barriers.ts";
import { inDays } from "./support/demo.ts";
import { Stage } from "./support/stage.ts";

const stage = new Stage();

async function fits(page: Page, width: number): Promise<void> {
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, "no horizontal scrolling");
  const tooWide = (roles: Element[]): string[] =>
    roles.filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth).map(({ id }) => id);
  assert.deepEqual(await page.locator(".role").evaluateAll(tooWide), [], "what sticks out of its panel");
}

for (const { width, colorScheme } of [
  { width: 1440, colorScheme: "light" },
  { width: 1440, colorScheme: "dark" },
  { width: 820, colorScheme: "light" },
  { width: 360, colorScheme: "dark" },
  { width: 360, colorScheme: "light" },
] as const) {
  test(`${width} px, ${colorScheme}: fits, and has no barriers in any state`, async () => {
    const demo = await stage.demo({ viewport: { width, height: 800 }, colorScheme });
    const check = async (state: string): Promise<void> => {
      await demo.screenshot(`${width}-${colorScheme}-${state}`);
      await fits(demo.page, width);
      assert.deepEqual(await barriers(demo.page), [], state);
    };
    await check("1-empty");
    await demo.issue();
    await demo.prepared(2);
    await demo.ask();
    await demo.consent.waitFor();
    await check("2-consent");
    await demo.consent.click();
    await demo.verified.waitFor();
    await demo.verifier.getByRole("button", { name: "Change a byte" }).click();
    await demo.verifier.getByText("Refused").waitFor();
    for (const raw of ["The answer as sent", "The request and its session"]) await demo.verifier.getByText(raw).click();
    await demo.prepared(2);
    await check("3-verified");
    await demo.verifier.getByLabel("Another time, UTC").check();
    await demo.verifier.getByLabel("Date and time, UTC").fill(inDays(60));
    await demo.verifier.getByLabel("Value").fill("120");
    await demo.ask();
    await demo.wallet.getByText("clock", { exact: true }).waitFor();
    await check("4-refused");
    await demo.verifier.getByLabel("Value").fill("18");
    await demo.ask();
    await demo.wallet.getByLabel("Answer all the same").check();
    await demo.consent.click();
    await demo.wallet.getByText("expired", { exact: true }).waitFor();
    await check("5-expired");
    await demo.verifier.getByLabel("Now").check();
    await demo.unfold(demo.verifier, "Trust an issuer from another device");
    const question = await demo.askElsewhere();
    await check("6-question");
    await demo.takeQuestion(question);
    await demo.consent.waitFor();
    await check("7-claimed");
    await demo.consent.click();
    await demo.wallet.getByText("Answered.").first().waitFor();
    await check("8-answer");
    await demo.close();
  });
}

test("the keyboard alone tells the whole story", async () => {
  const demo = await stage.demo();
  const { page } = demo;
  const go = async (name: string): Promise<void> => {
    for (let tabs = 0; tabs < 60; tabs += 1) {
      await page.keyboard.press("Tab");
      const focused = await page.evaluate(() => (document.activeElement as HTMLElement | null)?.innerText);
      if (focused === name) return;
    }
    assert.fail(`${name} cannot be reached by Tab`);
  };
  await go("Skip to the wallet");
  await go("Issue into the wallet");
  await page.keyboard.press("Enter");
  await demo.prepared(2);
  const focused = await page.evaluate(() => (document.activeElement as HTMLElement).innerText);
  assert.equal(focused, "Issue into the wallet", "focus stays where it was");
  await go("Ask the wallet");
  await page.keyboard.press("Enter");
  await demo.consent.waitFor();
  await go("Decide there");
  await page.keyboard.press("Enter");
  await page.waitForURL(/#wallet$/);
  await go("Prove it");
  await page.keyboard.press("Space");
  await demo.verified.waitFor();
  const inWallet = await page.evaluate(() => document.activeElement?.closest("#wallet") !== null);
  assert.ok(inWallet, "focus stays in the wallet when its button goes away");
  await go("Replay to another session");
  await page.keyboard.press("Enter");
  await demo.verifier.getByText("Refused").waitFor();
  await demo.close();
});

test("nothing moves for those who want it so", async () => {
  const demo = await stage.demo({ reducedMotion: "reduce" });
  const moving = await demo.page.evaluate(
    () =>
      [...document.querySelectorAll("*")].filter((element) => {
        const { transitionDuration, animationName, scrollBehavior } = getComputedStyle(element);
        return (
          (transitionDuration !== "0s" && getComputedStyle(element).transitionProperty !== "none") ||
          animationName !== "none" ||
          scrollBehavior === "smooth"
        );
      }).length,
  );
  assert.equal(moving, 0);
  // Parts of controls, such as the value of a progress bar, cannot be queried. The rules for them can.
  const rules = await demo.page.evaluate(() => {
    const moves = (rule: CSSRule): boolean =>
      rule instanceof CSSStyleRule && /transition|animation|smooth/.test(rule.cssText);
    return [...document.styleSheets].flatMap(({ cssRules }) => [...cssRules].filter(moves).map((rule) => rule.cssText));
  });
  assert.deepEqual(rules, [], "rules that move for everyone");
  await demo.close();
});

test("what is chosen and what is ready is told in the reader's own colours too", async () => {
  const demo = await stage.demo({ forcedColors: "active" });
  await demo.issue();
  await demo.prepared(2);
  const background = (selector: string): Promise<string> =>
    demo.page
      .locator(selector)
      .first()
      .evaluate((element) => getComputedStyle(element).backgroundColor);
  const canvas = await background("html");
  assert.equal(await background(".role"), canvas, "backgrounds are the reader's");
  assert.notEqual(await background(".segments input:checked + span"), canvas);
  assert.notEqual(await background(".dot.full"), canvas);
  await demo.screenshot("forced-colours");
  await demo.close();
});

test("what changes is announced", async () => {
  const demo = await stage.demo();
  const spoken = (text: string | RegExp) => demo.page.getByRole("status").filter({ hasText: text });
  await demo.issue();
  await spoken("Mobile driving licence issued.").waitFor();
  await demo.ask();
  await spoken("A verifier asks for a proof.").waitFor({ state: "attached" });
  await demo.consent.click();
  await demo.verified.waitFor();
  await spoken(/^Verified\.$/).waitFor({ state: "attached" });
  // Screen readers read only what is added to a log, so what is already in the log has to stay in place.
  const outcomes = demo.verifier.getByRole("log").getByRole("article");
  await demo.verifier.getByRole("button", { name: "Change a byte" }).click();
  await outcomes.nth(0).evaluate((article) => article.classList.add("spoken"));
  await demo.verifier.getByRole("button", { name: "Replay to another session" }).click();
  await outcomes.nth(1).waitFor();
  assert.equal(await demo.verifier.locator(".attempt.spoken").count(), 1);
  await demo.close();
});
