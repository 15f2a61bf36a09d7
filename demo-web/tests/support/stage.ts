// A browser and a server for the tests of one file. They start when a test first needs them, and end after the last
// test of the file.

import { env } from "node:process";
import { after } from "node:test";

import { serve } from "#server";
import type { Browser, BrowserContextOptions } from "playwright-core";

import { launch } from "./browser.ts";
import { Demo, DIST } from "./demo.ts";

/** Whether the package has a build of the prover. `VELUM_BUILDS` names its builds if not all were built. */
export const hasBuild = (build: string): boolean => env["VELUM_BUILDS"]?.split(",").includes(build) ?? true;

/** Whether the package has the build that isolated pages use. */
const THREADS = hasBuild("simd-threads");

interface Running {
  readonly browser: Browser;
  readonly url: string;
  readonly end: () => Promise<void>;
}

async function start(folder: string, isolation: boolean): Promise<Running> {
  const server = await serve({ folder, isolation });
  const browser = await launch();
  const end = async (): Promise<void> => {
    await browser.close();
    await server.close();
  };
  return { browser, url: server.url, end };
}

export class Stage {
  readonly #start: () => Promise<Running>;
  #running: Promise<Running> | undefined;

  /** A stage is created outside of tests. `isolation` says whether the server sends the headers for isolation. */
  constructor({ folder = DIST, isolation = THREADS } = {}) {
    this.#start = () => start(folder, isolation);
    after(async () => {
      await (await this.#running)?.end();
    });
  }

  running(): Promise<Running> {
    this.#running ??= this.#start();
    return this.#running;
  }

  /** Opens the page in a profile of its own. */
  async demo(options?: BrowserContextOptions): Promise<Demo> {
    const { browser, url } = await this.running();
    return Demo.open(browser, url, options);
  }
}
