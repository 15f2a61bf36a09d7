// Imported first, so that it learns of every error.
import "./troubles.js";

import * as velum from "/dist/index.js";
import { ProofPool } from "/dist/pool.js";
import { ReceiptVerifier } from "/dist/receipt.js";
import { Verifier } from "/dist/verify.js";
import * as webgpu from "/dist/webgpu.js";

globalThis.velum = { ...velum, ProofPool, ReceiptVerifier, Verifier, webgpu };
