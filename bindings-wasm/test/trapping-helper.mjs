// A helper that traps when it should lend its thread.

import { serve } from "../dist/serve.js";

const lend = () => {
  throw new WebAssembly.RuntimeError("unreachable");
};
serve(undefined, async () => lend);
