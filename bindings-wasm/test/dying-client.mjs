// Hands a presentation off as its standard input says, and dies as soon as the market has it.

import { readFileSync, writeFileSync } from "node:fs";

import { MarketClient } from "@velum/prover/market";

const { url, key, presentation, transcript, request, offer, file } = JSON.parse(readFileSync(0, "utf8"));
const bytes = (text) => new Uint8Array(Buffer.from(text, "hex"));
const client = new MarketClient();
const market = await client.open({ url, key: bytes(key) });
const answered = { presentation: bytes(presentation), transcript: bytes(transcript), request };
await client.handOff(
  { ...answered, markets: [market], offer },
  {
    save: (saved) => writeFileSync(file, JSON.stringify(saved)),
    onProgress: ({ status }) => status && process.kill(process.pid, "SIGKILL"),
  },
);
