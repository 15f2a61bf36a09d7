// The prover's worker, which goes wrong when it is told to. Nothing tells a page that it closed.

// First, so that it listens first.
import "./orders.js";

import "/dist/worker.js";
