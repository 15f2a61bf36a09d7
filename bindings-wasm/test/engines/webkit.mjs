// WebKitGTK behind the interface of engines.mjs: its driver, on a screen of its own, because it has no headless mode.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout } from "node:timers/promises";

import { Builder, Capabilities } from "selenium-webdriver";

/** How long its driver may take to answer, in milliseconds. */
const START_MS = 30_000;

/** A call may take as long as its test. */
const CALL_MS = 24 * 3_600_000;

export async function start() {
  const screen = await startScreen();
  return { open: (url, options) => open(screen.name, url, options), close: () => end(screen.process) };
}

async function open(screen, url, { sharesMemory }) {
  const driver = await startDriver(screen, sharesMemory);
  const close = () => end(driver.process);
  try {
    const capabilities = new Capabilities({ browserName: "MiniBrowser" });
    const session = await new Builder().usingServer(driver.url).withCapabilities(capabilities).build();
    await session.manage().setTimeouts({ script: CALL_MS });
    await session.get(url);
    const version = (await session.getCapabilities()).getBrowserVersion();
    return {
      version: `WebKitGTK ${version}`,
      evaluate: (work, argument) => evaluate(session, work, argument),
      reload: () => session.navigate().refresh(),
      close: () => session.quit().finally(close),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function evaluate(session, work, argument) {
  const script = `
    const [argument, done] = arguments;
    Promise.resolve(argument).then(${work}).then(
      (value) => done({ value }),
      // In WebKit, a stack names neither the error nor its code.
      (error) => done({ error: [error?.code, error, error?.stack].filter(Boolean).join("\\n") }),
    );`;
  const { value, error } = await session.executeAsyncScript(script, argument);
  if (error !== undefined) throw new Error(error);
  return value;
}

async function startDriver(screen, sharesMemory) {
  const port = await freePort();
  const driver = spawn(process.env.VELUM_WEBKIT ?? "/usr/bin/WebKitWebDriver", [`--port=${port}`], {
    stdio: "ignore",
    // WebKitGTK ignores the page's headers: it shares memory on every page or, unless told to, on none.
    env: { ...process.env, DISPLAY: screen, JSC_useSharedArrayBuffer: sharesMemory ? "1" : "0" },
  });
  const url = `http://127.0.0.1:${port}`;
  try {
    await answering(url, driver);
  } catch (error) {
    await end(driver);
    throw error;
  }
  return { process: driver, url };
}

/** Starts a screen that nobody sees. The screen chooses its own number and reports it. */
async function startScreen() {
  const options = ["-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"];
  const screen = spawn(process.env.VELUM_XVFB ?? "Xvfb", options, { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  const [number] = await Promise.race([once(screen.stdio[3], "data"), ended(screen, "Xvfb")]);
  return { process: screen, name: `:${String(number).trim()}` };
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

async function answering(url, driver) {
  const until = Date.now() + START_MS;
  const lost = ended(driver, "WebKitWebDriver");
  const answers = () =>
    fetch(`${url}/status`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await Promise.race([answers(), lost]))) {
    if (Date.now() > until) throw new Error(`WebKitWebDriver does not answer within ${START_MS} ms`);
    await setTimeout(100);
  }
}

/** Rejects once a process that is needed has ended. */
async function ended(child, name) {
  await once(child, "exit");
  throw new Error(`${name} ended with status ${child.exitCode}`);
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill();
  await once(child, "exit");
}
