// Chromium behind the interface of engines.mjs.

import { launch } from "../browser.mjs";

export async function start() {
  const browser = await launch();
  return {
    async open(url) {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(url);
      return {
        version: `Chromium ${browser.version()}`,
        evaluate: (work, argument) => page.evaluate(work, argument),
        reload: () => page.reload(),
        close: () => context.close(),
      };
    },
    close: () => browser.close(),
  };
}
