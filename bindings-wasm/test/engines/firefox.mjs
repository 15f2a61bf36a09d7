// Firefox behind the interface of engines.mjs.

import puppeteer from "puppeteer-core";

export async function start() {
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: process.env.VELUM_FIREFOX ?? "/usr/bin/firefox-esr",
    // A call may take as long as its test.
    protocolTimeout: 0,
  });
  const version = (await browser.version()).replace("firefox/", "Firefox ");
  return {
    async open(url) {
      const context = await browser.createBrowserContext();
      const page = await context.newPage();
      await page.goto(url);
      return {
        version,
        evaluate: (work, argument) => page.evaluate(work, argument),
        reload: () => page.reload(),
        close: () => context.close(),
      };
    },
    close: () => browser.close(),
  };
}
