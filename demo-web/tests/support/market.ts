// Runs a market on this machine with the command that `VELUM_MARKET` names: its node, and a provider that folds.

import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";

const START_MS = 60_000;

/** An address at which nothing listens. */
export async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  server.close();
  await once(server, "close");
  return `127.0.0.1:${address.port}`;
}

export interface RunningMarket {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Starts a market and waits until its node answers. */
export async function startMarket(): Promise<RunningMarket> {
  const command = env["VELUM_MARKET"];
  assert.ok(command !== undefined, "VELUM_MARKET has to name the command velum-market");
  const folder = mkdtempSync(join(tmpdir(), "velum-market-"));
  const children: ChildProcess[] = [];
  const run = (name: string, ...args: string[]): void => {
    const log = openSync(join(folder, `${name}.log`), "a");
    children.push(spawn(command, ["market", ...args], { stdio: ["ignore", "ignore", log] }));
    closeSync(log);
  };
  const stop = async (): Promise<void> => {
    for (const child of children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    rmSync(folder, { recursive: true, force: true });
  };
  const address = await freeAddress();
  const url = `http://${address}/`;
  execFileSync(command, ["market", "init", folder, "--listen", address], { stdio: "ignore" });
  run("node", "serve", "--config", join(folder, "market.toml"));
  const until = Date.now() + START_MS;
  while (!(await answers(url))) {
    if (Date.now() > until) {
      const log = readFileSync(join(folder, "node.log"), "utf8");
      await stop();
      throw new Error(`the node does not answer: ${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const [key, state] = [join(folder, "provider.key"), join(folder, "provider")];
  run("provider", "provide", "--market", url, "--key", key, "--state", state, "--work", "--demo-money", "100000000");
  return { url, stop };
}

function answers(url: string): Promise<boolean> {
  return fetch(new URL("v1/market", url)).then(
    ({ ok }) => ok,
    () => false,
  );
}
