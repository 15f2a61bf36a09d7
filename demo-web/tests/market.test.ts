// Tests handing an answer to a running market: after the verdict, with the holder's consent, until a receipt comes back
// that is checked here.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { barriers } from "./support/barriers.ts";
import type { Demo } from "./support/demo.ts";
import { freeAddress, type RunningMarket, startMarket } from "./support/market.ts";
import { Stage } from "./support/stage.ts";

/** Folding takes time, and more of it if several tests share a processor. */
const FOLDED_MS = 480_000;

const stage = new Stage();
let market: RunningMarket;
before(async () => {
  market = await startMarket();
});
after(() => market.stop());

async function handIn(demo: Demo, url: string): Promise<void> {
  await demo.verifier.getByLabel("The market’s address").fill(url);
  await demo.verifier.getByRole("button", { name: "Hand to market" }).click();
}

test("what was accepted is handed to a market, and its receipt is checked and saved", async () => {
  const demo = await stage.demo();
  await demo.story();
  await handIn(demo, market.url);
  await demo.wallet.getByText("For a market.").waitFor();
  assert.deepEqual(await barriers(demo.page), []);
  await demo.consent.click();

  await demo.verifier.getByText("Offered, at most").waitFor({ timeout: 120_000 });
  assert.match(await demo.verifier.innerText(), /Lately paid\s+\d+ units/);
  await demo.screenshot("market-handing");
  assert.deepEqual(await barriers(demo.page), []);
  await demo.verifier.getByText("Counted", { exact: true }).waitFor({ timeout: FOLDED_MS });
  const told = await demo.verifier.innerText();
  assert.match(told, /without asking anyone: the proof is alone in its aggregate/);
  assert.match(told, /Paid\s+\d+ units/);
  assert.match(told, /makes the holder 18 years or older/);
  await demo.screenshot("market-receipt");
  assert.deepEqual(await barriers(demo.page), []);
  const receipt = await demo.saved("Save the receipt", "velum.receipt");
  assert.ok(receipt.length > 50_000, `${receipt.length} bytes`);
  // The direct answer stays accepted.
  await demo.verified.waitFor();
  await demo.close([market.url]);
});

test("a holder who declines, and a market that is away, leave the verdict as it was", async () => {
  const demo = await stage.demo();
  await demo.story();
  await handIn(demo, market.url);
  await demo.wallet.getByRole("button", { name: "Decline" }).click();
  await demo.verifier.getByText("Nothing was handed in").waitFor();
  await demo.verified.waitFor();

  const away = `http://${await freeAddress()}/`;
  await handIn(demo, away);
  await demo.verifier.getByText("unreachable", { exact: true }).waitFor();
  await demo.verified.waitFor();
  demo.watch.forget(/ERR_CONNECTION_REFUSED/);
  await demo.close([market.url, away]);
});
