// Exposes the wallet's storage to tests in a real browser, without the rest of the page.

export { deleteDatabase } from "../../src/storage/database.ts";
export { exclusively, ifFree } from "../../src/storage/locks.ts";
export { makeDeviceKey, publicPoint, sign } from "../../src/wallet/device-key.ts";
export { DATABASE, Vault } from "../../src/wallet/vault.ts";
