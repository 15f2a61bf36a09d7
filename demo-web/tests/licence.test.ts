// The story in one test: issue, prepare, ask, consent, present, verify, cheat.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Stage } from "./support/stage.ts";

const REFUSALS = [
  { id: "byte", label: "Change a byte" },
  { id: "replay", label: "Replay to another session" },
  { id: "expired", label: "Ask with an expired date" },
  { id: "namespace", label: "Swap the namespace" },
];

const stage = new Stage();

test("a licence proves that its holder is 18, and nothing else; cheating is refused", async () => {
  const demo = await stage.demo();
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
    assert.equal(await attempt.locator("code").innerText(), "proof_invalid");
  }
  const reasons = await Promise.all(
    REFUSALS.map(({ id }) => demo.verifier.locator(`[data-attempt=${id}] > p`).nth(2).innerText()),
  );
  assert.equal(new Set(reasons).size, REFUSALS.length, "each has a reason of its own");
  await demo.screenshot("verified");

  await demo.verifier.getByText("The answer as sent").click();
  assert.match(await demo.verifier.getByRole("table").innerText(), /Credential proof/);
  const hex = demo.verifier.getByLabel("Bytes in hexadecimal");
  const first = await hex.innerText();
  assert.match(first, /^000000 {2}8c 03 /);
  await demo.verifier.getByRole("button", { name: "Next" }).click();
  assert.notEqual(await hex.innerText(), first);
  await demo.screenshot("envelope");
  await demo.close();
});
