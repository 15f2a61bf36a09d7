// Runs the bundle in workerd, which compiles no WebAssembly while it runs.

import { readFileSync } from "node:fs";

import { Miniflare } from "miniflare";

const edge = new Miniflare({
  modules: true,
  scriptPath: "dist/worker.js",
  modulesRules: [{ type: "CompiledWasm", include: ["**/*.wasm"] }],
  compatibilityDate: "2026-04-01",
});
try {
  const answer = await edge.dispatchFetch("http://edge.example/", {
    method: "POST",
    body: readFileSync("recorded.json"),
  });
  console.log(await answer.text());
} finally {
  await edge.dispose();
}
