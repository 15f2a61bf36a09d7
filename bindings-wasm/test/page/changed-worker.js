// The worker of provers with a GPU, in an engine that is changed.

// First, so that it is changed when the other runs.
import "./changed-engine.js";

import "/dist/webgpu-worker.js";
