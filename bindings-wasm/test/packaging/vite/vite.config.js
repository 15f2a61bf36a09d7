import { defineConfig } from "vite";

// The development server would move the package's scripts away from their workers.
export default defineConfig({ optimizeDeps: { exclude: ["@velum/prover"] } });
