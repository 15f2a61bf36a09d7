// The prover's worker, in an engine that is changed: of chance, for one.

// First, so that the lock that it holds has a name of its own.
import "/dist/worker.js";

import "./changed-engine.js";
