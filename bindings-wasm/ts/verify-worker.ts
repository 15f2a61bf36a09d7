// The verifier's worker.

import { loadVerifier } from "./load-verifier.js";
import type { VerifierCalls } from "./protocol.js";
import { serve } from "./serve.js";

serve<VerifierCalls>(({ wasm }) => loadVerifier(wasm));
