import { Verifier } from "@velum/prover/verify";

import proof from "./proof.js";

// Nobody disposes of this verifier or drops it. The process does not wait for idle workers.
globalThis.idle = new Verifier();
await globalThis.idle.ready();
console.log(JSON.stringify(await proof()));
