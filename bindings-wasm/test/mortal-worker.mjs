// The prover's worker, which goes wrong when it is told to.

// First, so that it listens first.
import "./orders.mjs";

import "../dist/worker.js";
