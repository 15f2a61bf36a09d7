// The prover's worker, which closes when it is told to. Nothing tells a page that one did.

// First, so that it listens first.
import "./closing.js";

import "/dist/worker.js";
