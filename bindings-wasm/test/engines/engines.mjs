// The engines that the package is tested in, behind one interface:
//
// engine.open(url, { sharesMemory })
//                          a page in a profile of its own; `sharesMemory`: whether its headers let it share memory
// engine.close()           ends the engine
// page.evaluate(f, x)      what `f(x)` resolves to on the page; `f` is sent as its source, `x` and the outcome as JSON
// page.version             the engine that shows the page
// page.reload(), page.close()

import { ISOLATION, serve } from "../server.mjs";
import { licence } from "../support.mjs";

export const ENGINES = ["chromium", "firefox", "webkit"];

const FOLDERS = { "/": new URL("../page/", import.meta.url), "/dist/": new URL("../../dist/", import.meta.url) };

/**
 * Starts an engine: the one that its variable (`VELUM_CHROMIUM`, `VELUM_FIREFOX`, `VELUM_WEBKIT`) names, or the
 * system's.
 */
export async function startEngine(name) {
  if (!ENGINES.includes(name)) throw new Error(`${name} is none of ${ENGINES.join(", ")}`);
  const { start } = await import(`./${name}.mjs`);
  return start();
}

/**
 * Opens a page on which `velum` is the package and `licence` is the real licence. It is served with these headers until
 * it is closed. For `unchanged`, see `serve`.
 */
export async function openPackage(engine, headers, unchanged) {
  const server = await serve(FOLDERS, headers, unchanged);
  const page = await engine.open(`${server.origin}/`, { sharesMemory: headers === ISOLATION });
  const { document, transcript, request } = licence();
  await page.evaluate(
    async ({ document, transcript, request }) => {
      while (!("velum" in globalThis)) await new Promise((resolve) => setTimeout(resolve, 10));
      globalThis.licence = { document: Uint8Array.from(document), transcript: Uint8Array.from(transcript), request };
    },
    { document: [...document], transcript: [...transcript], request },
  );
  const close = async () => {
    await page.close();
    server.close();
  };
  return { ...page, close };
}
