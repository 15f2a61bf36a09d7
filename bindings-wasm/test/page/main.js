import * as velum from "/dist/index.js";
import { ReceiptVerifier } from "/dist/receipt.js";
import { Verifier } from "/dist/verify.js";

globalThis.velum = { ...velum, ReceiptVerifier, Verifier };
