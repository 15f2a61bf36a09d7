/** @jest-environment jsdom */

import { declare } from "./verifies.js";

declare(test, expect);
