// Jest's jsdom lacks these, which every page and server has.

import { TextDecoder, TextEncoder } from "node:util";

Object.assign(globalThis, { TextDecoder, TextEncoder });
