import { defineConfig } from "vite";

// Otherwise the development server would move the package's scripts away from their workers.
export default defineConfig({ optimizeDeps: { exclude: ["@velum/prover"] } });
