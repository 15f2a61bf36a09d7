// Starts the system's Chromium, and opens pages that are watched for what must not happen.

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { env, getuid } from "node:process";

import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

function chromiumPath(): string {
  const asked = env["VELUM_CHROMIUM"];
  if (asked !== undefined) return asked;
  const folders = (env["PATH"] ?? "").split(delimiter);
  const found = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new Error("there is no Chromium on PATH: install one, or say where it is with VELUM_CHROMIUM");
}

export function launch(more: readonly string[] = []): Promise<Browser> {
  // Chromium's own sandbox does not work for root.
  const args = getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath: chromiumPath(), args: [...args, ...more] });
}

/** Records what a page does, so that tests can find what it must not do. */
export class Watch {
  /** Errors on the console, which include violations of the Content-Security-Policy, and uncaught errors. */
  readonly errors: string[] = [];
  /** Requests to other origins. */
  readonly foreign: string[] = [];
  /** Paths of all requests. */
  readonly paths: string[] = [];

  /** Forgets errors that a test caused on purpose. */
  forget(brought: RegExp): void {
    const others = this.errors.filter((error) => !brought.test(error));
    this.errors.splice(0, this.errors.length, ...others);
  }

  constructor(context: BrowserContext, origin: string) {
    context.on("console", (message) => {
      if (message.type() === "error") this.errors.push(message.text());
    });
    context.on("weberror", (error) => this.errors.push(String(error.error())));
    context.on("request", (request) => {
      const url = new URL(request.url());
      if (url.origin !== origin) this.foreign.push(request.url());
      this.paths.push(url.pathname);
    });
  }
}

export interface Opened {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly watch: Watch;
}

/** How long anything on a page may take, on a machine that others use too. */
const PATIENCE_MS = 120_000;

/** Opens a page in a profile of its own. */
export async function open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const watch = new Watch(context, new URL(url).origin);
  const page = await context.newPage();
  await page.goto(url);
  return { context, page, watch };
}
