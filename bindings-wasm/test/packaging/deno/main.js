import { Verifier } from "@velum/prover/verify";

import proof from "./proof.js";

// Nobody disposes of it or drops it: the process does not wait for idle workers.
globalThis.idle = new Verifier();
await globalThis.idle.ready();
console.log(JSON.stringify(await proof()));
