// A browser and a server, there from before the first test of a file until after the last.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { serve } from "#server";
import type { Browser, BrowserContextOptions } from "playwright-core";

import { launch } from "./browser.ts";
import { Demo, DIST } from "./demo.ts";

interface Running {
  readonly browser: Browser;
  readonly url: string;
}

export class Stage {
  #running: Running | undefined;

  /** Made outside of tests. `isolation` is what the server's headers ask for. */
  constructor({ folder = DIST, isolation = true } = {}) {
    let end = async (): Promise<void> => {};
    before(async () => {
      const server = await serve({ folder, isolation });
      const browser = await launch();
      this.#running = { browser, url: server.url };
      end = async () => {
        await browser.close();
        await server.close();
      };
    });
    after(() => end());
  }

  get running(): Running {
    assert.ok(this.#running, "the stage is up while tests run");
    return this.#running;
  }

  /** The page, in a profile of its own. */
  async demo(options?: BrowserContextOptions): Promise<Demo> {
    const { browser, url } = this.running;
    return Demo.open(browser, url, options);
  }
}
