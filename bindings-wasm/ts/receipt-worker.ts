// The worker that verifies receipts.

import { loadReceiptVerifier } from "./load-receipt.js";
import type { ReceiptCalls } from "./protocol.js";
import { serve } from "./serve.js";

serve<ReceiptCalls>(loadReceiptVerifier);
