import { fileURLToPath } from "node:url";

import { defineConfig } from "vite";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: at("."),
  base: "./",
  publicDir: at("../../public"),
  build: { target: "es2022", outDir: at("../../build/harness"), emptyOutDir: true },
});
