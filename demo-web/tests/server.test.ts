// Tests the server: what it serves, what it does not serve, and the headers of both.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { CONTENT_SECURITY_POLICY, serve } from "#server";

let folder: string;
let server: Awaited<ReturnType<typeof serve>>;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "velum-demo-"));
  await writeFile(join(folder, "index.html"), "<!doctype html>");
  await writeFile(join(folder, "a.wasm"), Uint8Array.of(0));
  server = await serve({ folder });
});

after(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

/** The status of the response to a request whose path is sent unchanged. */
function status(path: string, method = "GET"): Promise<number> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on("error", reject).end();
  });
}

test("files come with a strict policy, isolation and their type", async () => {
  const page = await fetch(server.url);
  assert.equal(page.status, 200);
  assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
  assert.equal(page.headers.get("content-security-policy"), `${CONTENT_SECURITY_POLICY}; frame-ancestors 'none'`);
  assert.equal(page.headers.get("cross-origin-opener-policy"), "same-origin");
  assert.equal(page.headers.get("cross-origin-embedder-policy"), "require-corp");
  assert.equal((await fetch(`${server.url}a.wasm`)).headers.get("content-type"), "application/wasm");
  // The page may contact only markets on this machine, on any port.
  const strict = CONTENT_SECURITY_POLICY.replace("connect-src 'self' http://127.0.0.1:*", "");
  for (const loose of ["unsafe-inline", "'unsafe-eval'", "data:", "blob:", "*", "http"]) {
    assert.ok(!strict.includes(loose), loose);
  }
});

test("isolation can be left out", async (context) => {
  const plain = await serve({ folder, isolation: false });
  context.after(plain.close);
  const page = await fetch(plain.url);
  assert.equal(page.headers.get("cross-origin-opener-policy"), null);
  assert.equal(page.headers.get("cross-origin-embedder-policy"), null);
  assert.ok(page.headers.has("content-security-policy"));
});

test("nothing outside of the folder is served", async () => {
  for (const path of [
    "/../package.json",
    "/%2e%2e/package.json",
    "/..%2fpackage.json",
    "//etc/passwd",
    "/%00",
    "/%",
    "/none",
  ]) {
    assert.equal(await status(path), 404, path);
  }
  assert.equal(await status("/", "POST"), 405);
  assert.equal(await status("/", "HEAD"), 200);
});

test("only this machine can reach it", () => {
  assert.equal(new URL(server.url).hostname, "127.0.0.1");
});
