// Jest's jsdom lacks them, which every page and server has.

import { TextDecoder, TextEncoder } from "node:util";

Object.assign(globalThis, { TextDecoder, TextEncoder });
