// A web server for files, as small as tests need it.

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

/** What a page may do that proves: run WebAssembly, start workers of its own origin, and nothing else. */
export const CSP =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; base-uri 'none'";

/** What lets a page's workers share memory. */
export const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/**
 * Serves folders, each under a prefix that ends in a slash, until `close` is called. Every answer has the headers.
 *
 * @param {Record<string, URL>} folders
 * @param {Record<string, string>} headers
 */
export async function serve(folders, headers = {}) {
  const server = createServer(async ({ url }, response) => {
    const { pathname } = new URL(url, "http://localhost");
    const path = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
    const prefix = Object.keys(folders)
      .sort((one, other) => other.length - one.length)
      .find((candidate) => path.startsWith(candidate));
    try {
      const file = new URL(path.slice(prefix.length), folders[prefix]);
      const body = await readFile(file);
      const type = TYPES[extname(file.pathname)] ?? "application/octet-stream";
      response.writeHead(200, { "Content-Type": type, "Content-Security-Policy": CSP, ...headers });
      response.end(body);
    } catch {
      response.writeHead(404, headers).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { origin, close: () => (server.closeAllConnections(), server.close()) };
}
