import proof from "./proof.js";

globalThis.outcome = await proof().catch((error) => ({ error: String(error), code: error.code }));
