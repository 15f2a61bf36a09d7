// The worker of provers with a GPU, in a changed engine.

// Imported first, so that the engine is changed when the worker runs.
import "./changed-engine.js";

import "/dist/webgpu-worker.js";
