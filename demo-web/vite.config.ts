import { defineConfig, type Plugin } from "vite";

import { CONTENT_SECURITY_POLICY } from "./server.mjs";

/** Puts the policy into the page as well, for hosts that send no headers of their own. */
const contentSecurityPolicy: Plugin = {
  name: "content-security-policy",
  apply: "build",
  transformIndexHtml: () => [
    { tag: "meta", attrs: { "http-equiv": "Content-Security-Policy", content: CONTENT_SECURITY_POLICY } },
  ],
};

export default defineConfig({
  // Relative, so that the files work in any folder of a host.
  base: "./",
  build: {
    target: "es2022",
    // An inlined file would be a data: URL, which the policy forbids.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  worker: { format: "es" },
  // For `npm run dev`: the package is in a folder beside this one.
  server: { host: "127.0.0.1", fs: { allow: [".", "../bindings-wasm/dist"] } },
  plugins: [contentSecurityPolicy],
});
