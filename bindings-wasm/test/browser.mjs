// The system's Chromium.

import { chromium } from "playwright-core";

import { serve } from "./server.mjs";
import { licence } from "./support.mjs";

/** How long anything on a page may take, on a machine that others use too. */
const PATIENCE_MS = 300_000;

const FOLDERS = { "/": new URL("page/", import.meta.url), "/dist/": new URL("../dist/", import.meta.url) };

/** Starts Chromium without a window. `VELUM_CHROMIUM` names another one than the system's. */
export function launch(args = []) {
  return chromium.launch({
    executablePath: process.env.VELUM_CHROMIUM ?? "/usr/bin/chromium",
    // Its sandbox refuses to run as root, and tests in containers run as root.
    args: process.getuid?.() === 0 ? ["--no-sandbox", ...args] : args,
  });
}

/** Opens a page, and collects in `troubles` whatever goes wrong in it unexpectedly. */
export async function open(browser, url) {
  const context = await browser.newContext();
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const troubles = [];
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("console", (message) => {
    // Browsers request an icon by themselves.
    const asked = !message.location().url.endsWith("/favicon.ico");
    if (message.type() === "error" && asked) troubles.push(message.text());
  });
  await page.goto(url);
  return { page, troubles };
}

/** Opens a page on which `velum` is the package and `licence` is the real licence, as bytes. */
export async function pageOf(context, browser, headers, host = "127.0.0.1") {
  const server = await serve(FOLDERS, headers);
  context.after(() => server.close());
  const { page, troubles } = await open(browser, `${server.origin.replace("127.0.0.1", host)}/`);
  await page.waitForFunction(() => "velum" in globalThis);
  const { document, transcript, request } = licence();
  await page.evaluate(
    ({ document, transcript, request }) => {
      globalThis.licence = { document: Uint8Array.from(document), transcript: Uint8Array.from(transcript), request };
    },
    { document: [...document], transcript: [...transcript], request },
  );
  return { page, troubles };
}
