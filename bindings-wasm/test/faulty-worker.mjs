// The prover's worker, with failing memory: bits of the columns turn over once they have been committed to, in the call
// that `workerData.failing` names.

// Imported first, so that it is in place when the WebAssembly is instantiated.
import "./failing-memory.mjs";

import "../dist/worker.js";
