// Serves the built page from 127.0.0.1, with the headers that a host of the page should send. It is run as a program or
// imported by the tests. It knows nothing about what it serves, and has no dependencies.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/**
 * Allows only files of this origin: nothing inline, no evaluated code except WebAssembly, and no requests elsewhere
 * except to markets on this machine.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self' http://127.0.0.1:*",
  "style-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const HEADERS = {
  // A page cannot set `frame-ancestors` for itself.
  "Content-Security-Policy": `${CONTENT_SECURITY_POLICY}; frame-ancestors 'none'`,
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-cache",
};

/** Makes the page `crossOriginIsolated`, which is required for shared memory and therefore for threads. */
const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/**
 * Serves the files of `folder` until the returned `close` is called.
 *
 * @param {{ folder: string, port?: number, isolation?: boolean }} options Port 0 chooses a free port.
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function serve({ folder, port = 0, isolation = true }) {
  const headers = isolation ? { ...HEADERS, ...ISOLATION } : HEADERS;
  const server = createServer((request, response) => {
    answer(folder, headers, request, response).catch((error) => {
      if (!response.headersSent) response.writeHead(500, headers);
      response.end();
      console.error(`${request.method} ${request.url}: ${error.message}`);
    });
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const close = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${server.address().port}/`, close };
}

async function answer(folder, headers, request, response) {
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { ...headers, Allow: "GET, HEAD" }).end();
    return;
  }
  const file = await find(folder, request.url);
  if (file === undefined) {
    response.writeHead(404, { ...headers, "Content-Type": "text/plain" }).end("not found\n");
    return;
  }
  const type = TYPES[extname(file.path)] ?? "application/octet-stream";
  response.writeHead(200, { ...headers, "Content-Type": type, "Content-Length": file.size });
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  createReadStream(file.path)
    .on("error", () => response.destroy())
    .pipe(response);
}

/** The file that a URL names, if there is one inside the folder. */
async function find(folder, url) {
  let name;
  try {
    name = decodeURIComponent(new URL(url, "http://127.0.0.1").pathname);
  } catch {
    return undefined;
  }
  const root = normalize(folder + sep);
  const path = join(root, name.endsWith("/") ? `${name}index.html` : name);
  if (!path.startsWith(root) || name.includes("\0")) return undefined;
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() ? { path, size: found.size } : undefined;
}

const USAGE = "usage: node server.mjs [--port N] [--no-isolation]\n";

/** @param {string[]} args */
function parse(args) {
  const options = { port: 8080, isolation: true };
  for (let index = 0; index < args.length; index += 1) {
    if (args[index] === "--no-isolation") {
      options.isolation = false;
    } else if (args[index] === "--port" && /^\d{1,5}$/.test(args[index + 1] ?? "")) {
      index += 1;
      options.port = Number(args[index]);
    } else {
      return undefined;
    }
  }
  return options;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const options = parse(process.argv.slice(2));
  if (options === undefined) {
    process.stderr.write(USAGE);
    process.exitCode = 2;
  } else {
    const folder = fileURLToPath(new URL("dist", import.meta.url));
    const { url } = await serve({ folder, ...options }).catch((error) => {
      const hint = error.code === "EADDRINUSE" ? "; choose another with --port N" : "";
      process.stderr.write(`could not listen on 127.0.0.1:${options.port}: ${error.message}${hint}\n`);
      process.exit(1);
    });
    const threads = options.isolation ? "isolated: threads may be used" : "not isolated: one thread";
    process.stdout.write(`Velum demo at ${url} (${threads}). Ctrl-C ends it.\n`);
  }
}
