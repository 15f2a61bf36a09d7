// A web server for files, as small as the tests need it.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname } from "node:path";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".json": "application/json",
};

/** What a page that proves may do: run WebAssembly, start workers of its own origin, and nothing else. */
export const CSP =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; base-uri 'none'";

/** The headers that let a page's workers share memory. */
export const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** The headers that make browsers keep an answer and ask whether it has changed. */
const KEPT = { ETag: '"unchanged"', "Cache-Control": "no-cache" };

/**
 * Serves folders, each under a prefix that ends in a slash, until `close` is called. Every answer has the headers,
 * except those that say that `unchanged` has not changed.
 *
 * @param {Record<string, URL>} folders
 * @param {Record<string, string>} headers
 * @param {string} [unchanged] The path that browsers keep and request again.
 */
export async function serve(folders, headers = {}, unchanged) {
  const server = createServer(async ({ url, headers: asked }, response) => {
    const { pathname } = new URL(url, "http://localhost");
    if (pathname === unchanged && asked["if-none-match"] === KEPT.ETag) return response.writeHead(304, KEPT).end();
    const path = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
    const prefix = Object.keys(folders)
      .sort((one, other) => other.length - one.length)
      .find((candidate) => path.startsWith(candidate));
    try {
      const file = new URL(path.slice(prefix.length), folders[prefix]);
      const body = await readFile(file);
      const type = TYPES[extname(file.pathname)] ?? "application/octet-stream";
      response.writeHead(200, {
        "Content-Type": type,
        "Content-Security-Policy": CSP,
        ...(pathname === unchanged ? KEPT : {}),
        ...headers,
      });
      response.end(body);
    } catch {
      response.writeHead(404, headers).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { origin, close: () => (server.closeAllConnections(), server.close()) };
}
