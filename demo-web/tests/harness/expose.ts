import * as harness from "./harness.ts";

declare global {
  interface Window {
    harness: typeof harness;
  }
}

window.harness = harness;
