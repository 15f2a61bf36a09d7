// The prover's worker, which goes wrong on order.

// Imported first, so that it listens first.
import "./orders.mjs";

import "../dist/worker.js";
