// The prover's worker, in which memory fails: bits of the columns turn over once they have been committed to, in the call that `workerData.failing` names.

// First, so that it is there when the WebAssembly is made.
import "./failing-memory.mjs";

import "../dist/worker.js";
