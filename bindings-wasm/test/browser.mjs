// The system's Chromium.

import { chromium } from "playwright-core";

/** Chromium, without a window. `VELUM_CHROMIUM` names another than the system's. */
export function launch(args = []) {
  return chromium.launch({
    executablePath: process.env.VELUM_CHROMIUM ?? "/usr/bin/chromium",
    // Its sandbox refuses to run as root, which tests in containers do.
    args: process.getuid?.() === 0 ? ["--no-sandbox", ...args] : args,
  });
}

/** Opens a page that fails the test with whatever goes wrong in it unasked. */
export async function open(browser, url) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const troubles = [];
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("console", (message) => {
    // Browsers ask for an icon by themselves.
    const asked = !message.location().url.endsWith("/favicon.ico");
    if (message.type() === "error" && asked) troubles.push(message.text());
  });
  await page.goto(url);
  return { page, troubles };
}
