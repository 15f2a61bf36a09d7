import * as velum from "/dist/index.js";
import { Verifier } from "/dist/verify.js";

globalThis.velum = { ...velum, Verifier };
