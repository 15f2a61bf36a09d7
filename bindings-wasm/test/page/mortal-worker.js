// The prover's worker, which goes wrong on order. Nothing tells a page that the worker closed.

// Imported first, so that it listens first.
import "./orders.js";

import "/dist/worker.js";
