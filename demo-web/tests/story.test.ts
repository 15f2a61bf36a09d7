// The whole story: issue, prepare, ask, consent, present, verify, cheat.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { serve } from "#server";
import type { Browser } from "playwright-core";

import { launch } from "./support/browser.ts";
import { Demo, DIST } from "./support/demo.ts";

const REFUSALS = [
  { id: "byte", label: "Change a byte" },
  { id: "replay", label: "Replay to another session" },
  { id: "expired", label: "Ask with an expired date" },
  { id: "namespace", label: "Swap the namespace" },
];

let browser: Browser;
let server: Awaited<ReturnType<typeof serve>>;

before(async () => {
  server = await serve({ folder: DIST });
  browser = await launch();
});

after(async () => {
  await browser.close();
  await server.close();
});

test("a licence proves that its holder is 18, and nothing else; cheating is refused", async () => {
  const demo = await Demo.open(browser, server.url);
  await demo.issue();
  const card = demo.wallet.getByRole("article", { name: "Mobile driving licence" });
  for (const text of ["Sample", "Ada", "17.05.1998", "Utopia"]) await card.getByText(text, { exact: true }).waitFor();
  await demo.prepared(2);

  await demo.ask();
  await demo.consent.waitFor();
  const request = demo.wallet.getByRole("region", { name: "What the verifier asks" });
  assert.match(await request.innerText(), /They will learn\s+You are 18 or older/);
  const hidden = await request.locator(".hidden-elements li").allInnerTexts();
  for (const element of ["Date of birth", "Family name", "Portrait"]) assert.ok(hidden.includes(element), element);
  await demo.screenshot("consent");
  await demo.consent.click();

  await demo.verified.waitFor();
  assert.match(await demo.verifier.innerText(), /The holder is 18 or older/);
  assert.doesNotMatch(await demo.verifier.locator(".verdict").innerText(), /Sample|Ada|1998/);
  assert.match(await demo.wallet.innerText(), /The prepared proof is used up/);
  await demo.prepared(2);

  for (const { id, label } of REFUSALS) {
    await demo.verifier.getByRole("button", { name: label }).click();
    const attempt = demo.verifier.locator(`[data-attempt=${id}]`);
    await attempt.getByText("Refused").waitFor();
    assert.match(await attempt.locator("code").innerText(), /^[a-z_]+$/);
    assert.ok((await attempt.locator(".where").innerText()).length > 30, "says why");
  }
  await demo.screenshot("verified");

  await demo.verifier.getByText("The answer as sent").click();
  assert.match(await demo.verifier.getByRole("table").innerText(), /Credential proof/);
  const hex = demo.verifier.getByLabel("Bytes in hexadecimal");
  const first = await hex.innerText();
  assert.match(first, /^000000 {2}8a 01 /);
  await demo.verifier.getByRole("button", { name: "Next" }).click();
  assert.notEqual(await hex.innerText(), first);
  await demo.screenshot("envelope");
  await demo.close();
});

test("each session has a transcript of its own", async () => {
  const demo = await Demo.open(browser, server.url);
  await demo.story();
  const transcript = async (): Promise<string> => {
    await demo.verifier.getByText("The request and its session").click();
    return demo.verifier.getByLabel("SessionTranscript in hexadecimal").innerText();
  };
  const first = await transcript();
  await demo.ask();
  await demo.consent.click();
  await demo.verified.waitFor();
  const second = await transcript();
  assert.match(first, /^83f6f682/);
  assert.notEqual(first, second);
  await demo.close();
});

test("an age attestation proves an age", async () => {
  const demo = await Demo.open(browser, server.url);
  await demo.story("Age attestation");
  assert.match(await demo.verifier.innerText(), /The holder is over 18/);
  await demo.screenshot("age-attestation");
  await demo.close();
});

test("several questions at once, one of them shown in full", async () => {
  const demo = await Demo.open(browser, server.url);
  await demo.issue();
  const { verifier, wallet } = demo;
  await verifier.getByRole("button", { name: "Add a question" }).click();
  const second = verifier.getByRole("group", { name: "Question" }).nth(1);
  await second.getByLabel("Element").selectOption("Issuing country");
  await second.getByLabel("Value").fill("UT");
  await verifier.getByRole("button", { name: "Add a question" }).click();
  const third = verifier.getByRole("group", { name: "Question" }).nth(2);
  await third.getByLabel("Element").selectOption("Given names");
  await third.getByLabel("Condition").selectOption("is shown in full");
  await demo.ask();
  await demo.consent.waitFor();
  assert.doesNotMatch(await wallet.locator(".hidden-elements").innerText(), /Given names/);
  await demo.consent.click();
  await demo.verified.waitFor();
  const learnt = await verifier.locator(".learnt").innerText();
  assert.match(learnt, /The holder is 18 or older/);
  assert.match(learnt, /issuing country is Utopia/);
  assert.match(learnt, /given names: Ada/);
  assert.doesNotMatch(learnt, /Sample/);
  await demo.close();
});

test("the wallet outlives a reload, and forgets when told to", async () => {
  const demo = await Demo.open(browser, server.url);
  await demo.issue();
  await demo.prepared(2);
  await demo.page.reload();
  await demo.prepared(2);
  await demo.ask();
  await demo.consent.click();
  await demo.verified.waitFor();
  demo.page.on("dialog", (dialog) => void dialog.accept());
  await demo.page.getByRole("button", { name: "Forget everything" }).click();
  await demo.wallet.getByText("Empty.").waitFor();
  await demo.verifier.getByText("None is known yet").waitFor();
  await demo.close();
});
