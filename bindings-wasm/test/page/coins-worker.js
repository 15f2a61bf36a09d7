// The prover's worker in a changed engine, for example with changed randomness.

// Imported first, so that the worker's lock has a name of its own.
import "/dist/worker.js";

import "./changed-engine.js";
