import { expect, test } from "vitest";

import { declare } from "./verifies.js";

declare(test, expect);
