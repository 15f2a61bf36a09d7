// Tests what follows the main story: other days, other sessions, other documents.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Stage } from "./support/stage.ts";

const stage = new Stage();

test("asked about a day when the document has expired, the wallet says so itself", async () => {
  const demo = await stage.demo();
  await demo.story();
  await demo.verifier.getByRole("button", { name: "Ask with an expired date" }).click();
  await demo.verifier.getByText("tied to the time in the request").waitFor();
  await demo.verifier.getByRole("button", { name: "Ask the wallet about that day" }).click();
  await demo.wallet.getByLabel("Answer all the same").check();
  await demo.consent.click();
  await demo.wallet.getByText("expired", { exact: true }).waitFor();
  await demo.screenshot("expired");
  await demo.close();
});

test("each session has a transcript of its own", async () => {
  const demo = await stage.demo();
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

test("an age attestation proves an age, and does not call hidden what it proves", async () => {
  const demo = await stage.demo();
  await demo.issue("Age attestation");
  await demo.verifier.getByLabel("Document").selectOption("Age attestation");
  await demo.ask();
  await demo.consent.waitFor();
  assert.match(await demo.wallet.locator(".learnt").innerText(), /You are over 18/);
  const hidden = await demo.wallet.locator(".hidden-elements li").allInnerTexts();
  assert.deepEqual(hidden, ["Over 16", "Over 21", "Over 65"]);
  await demo.consent.click();
  await demo.verified.waitFor();
  assert.match(await demo.verifier.innerText(), /The holder is over 18/);
  await demo.screenshot("age-attestation");
  await demo.close();
});

test("several questions at once, one of them shown in full", async () => {
  const demo = await stage.demo();
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
  const demo = await stage.demo();
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
