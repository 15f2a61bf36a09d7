import * as velum from "/dist/index.js";
import { ReceiptVerifier } from "/dist/receipt.js";
import { Verifier } from "/dist/verify.js";
import * as webgpu from "/dist/webgpu.js";

globalThis.velum = { ...velum, ReceiptVerifier, Verifier, webgpu };
