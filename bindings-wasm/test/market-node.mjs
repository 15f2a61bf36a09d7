// A market on this machine: its node, and a provider that folds. `VELUM_MARKET` names the command.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The command. */
const { VELUM_MARKET } = process.env;

/** How long a node may take to answer, in milliseconds. */
const START_MS = 60_000;

/** An address that nobody listens on. */
export async function freeAddress() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return `127.0.0.1:${port}`;
}

/** A market whose state is in a folder of its own. */
export class MarketNode {
  #folder = mkdtempSync(join(tmpdir(), "velum-market-"));
  #running = new Map();

  /** Makes a market and starts its node, and also its provider if `provides` is true. */
  static async start({ provides = false } = {}) {
    const market = new MarketNode();
    market.address = await freeAddress();
    market.url = `http://${market.address}/`;
    const init = ["market", "init", market.#folder, "--listen", market.address];
    const { status, stderr } = spawnSync(VELUM_MARKET, init, { encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
    await market.serve();
    const [key, state] = [market.#path("provider.key"), market.#path("provider")];
    const provide = ["provide", "--market", market.url, "--key", key, "--state", state];
    if (provides) market.#spawn("provider", [...provide, "--work", "--demo-money", "100000000"]);
    return market;
  }

  /** Starts the node, and waits until it answers. */
  async serve() {
    this.#spawn("node", ["serve", "--config", this.#path("market.toml")]);
    const until = Date.now() + START_MS;
    for (;;) {
      const answers = await fetch(new URL("v1/market", this.url)).then(
        ({ ok }) => ok,
        () => false,
      );
      if (answers) return;
      if (Date.now() > until) throw new Error(`the node does not answer: ${readFileSync(this.#path("node.log"))}`);
      await new Promise((resolve) => void setTimeout(resolve, 100));
    }
  }

  /** Kills the node, as a crash does. */
  async kill() {
    await end(this.#running.get("node"), "SIGKILL");
  }

  /** Ends everything and removes the folder. */
  async stop() {
    for (const child of [...this.#running.values()].reverse()) await end(child, "SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #path(name) {
    return join(this.#folder, name);
  }

  #spawn(name, args) {
    const log = openSync(this.#path(`${name}.log`), "a");
    this.#running.set(name, spawn(VELUM_MARKET, ["market", ...args], { stdio: ["ignore", "ignore", log] }));
    closeSync(log);
  }
}

async function end(child, signal) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, "exit");
}
