// Tests that a page that cannot run says so in plain words, and says what to do.

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Page } from "playwright-core";

import { launch, open } from "./support/browser.ts";
import { screenshot } from "./support/demo.ts";
import { Stage } from "./support/stage.ts";

const stage = new Stage();

/** What the page shows in place of the roles. */
async function said(page: Page): Promise<string> {
  const notice = page.getByRole("main").getByRole("alert");
  await notice.waitFor();
  assert.equal(await page.getByRole("region").count(), 0, "no role is left half made");
  return notice.innerText();
}

test("an origin that is not secure", async (context) => {
  const insecure = await launch(["--host-resolver-rules=MAP demo.test 127.0.0.1"]);
  context.after(() => insecure.close());
  const url = new URL((await stage.running()).url);
  url.hostname = "demo.test";
  const { page, watch } = await open(insecure, url.href);
  assert.match(await said(page), /^unsupported\s+.*open this page over https, or at http:\/\/127\.0\.0\.1/);
  await screenshot(page, "needs-secure-origin");
  // Chromium itself reports why it ignores these headers.
  assert.deepEqual(
    watch.errors.filter((error) => !/Cross-Origin-Opener-Policy|Cross-Origin-Embedder-Policy/.test(error)),
    [],
  );
});

test("a browser without Web Locks", async () => {
  const { browser, url } = await stage.running();
  const { context, page } = await open(browser, "about:blank");
  await page.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, "locks"));
  await page.goto(url);
  assert.match(await said(page), /it has no Web Locks, which let tabs share the wallet; use a current/);
  await context.close();
});

test("storage that the browser refuses to open", async () => {
  const { browser, url } = await stage.running();
  const { context, page, watch } = await open(browser, "about:blank");
  await page.addInitScript(() => {
    // Browsers throw this error if the site may not store data.
    IDBFactory.prototype.open = () => {
      throw new DOMException("access denied", "SecurityError");
    };
  });
  await page.goto(url);
  assert.match(await said(page), /^storage\s+the browser’s storage cannot be opened; allow this site to store data/);
  await page.getByRole("button", { name: "Forget everything" }).waitFor();
  await screenshot(page, "needs-storage");
  assert.deepEqual(watch.errors, []);
  await context.close();
});
