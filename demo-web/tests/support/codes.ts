// Reads the QR codes that a page shows from their pictures, and draws pictures of codes for a camera.

import assert from "node:assert/strict";
import { closeSync, openSync, writeSync } from "node:fs";

import type { Locator } from "playwright-core";
import { encodeQR } from "qr";
import { decodeQR } from "qr/decode.js";

import { CodeCollector, type Reading } from "../../src/exchange/code-sequence.ts";

/** A picture without colours, one byte for each pixel. */
interface Picture {
  readonly width: number;
  readonly pixels: Buffer;
}

/** Every picture of a loop, in the order in which the button "Next code" shows them. */
export async function picturesIn(panel: Locator): Promise<Picture[]> {
  const canvas = panel.locator("canvas.codes");
  await canvas.waitFor();
  const seen = await canvas.evaluate((picture) => {
    const loop = picture.closest(".code-loop");
    const next = [...(loop?.querySelectorAll("button") ?? [])].find((button) => button.innerText === "Next code");
    const count = Number(/ of (\d+)$/.exec(loop?.querySelector(".detail")?.textContent ?? "")?.[1] ?? 1);
    return Array.from({ length: count }, () => {
      next?.click();
      const { width, height } = picture as HTMLCanvasElement;
      const { data = [] } = (picture as HTMLCanvasElement).getContext("2d")?.getImageData(0, 0, width, height) ?? {};
      let reds = "";
      for (let at = 0; at < data.length; at += 4) reds += data[at] === 0 ? "0" : "1";
      return { width, reds };
    });
  });
  return seen.map(({ width, reds }) => ({
    width,
    pixels: Buffer.from(reds).map((red) => (red === 0x31 ? 255 : 0)) as Buffer,
  }));
}

/** The text of a code, decoded with the library that the page uses too. */
function textOf({ width, pixels }: Picture): string {
  const data = new Uint8Array(pixels.length * 4);
  pixels.forEach((grey, at) => data.set([grey, grey, grey, 255], at * 4));
  return decodeQR({ width, height: pixels.length / width, data });
}

/** The message of a loop, given all of its pictures. */
export function messageIn(pictures: readonly Picture[]): Buffer {
  const collector = new CodeCollector();
  const readings = pictures.map((picture): Reading => collector.read(textOf(picture)));
  const last = readings.at(-1);
  assert.equal(last?.kind, "done");
  return Buffer.from(last.bytes);
}

/** The picture of a code. */
export function pictureOf(text: string): Picture {
  const modules = encodeQR(text, "raw", { ecc: "low", border: 4, scale: 4 });
  return { width: modules.length, pixels: Buffer.from(modules.flat().map((isDark) => (isDark ? 0 : 255))) };
}

const WIDTH = 640;
const HEIGHT = 480;
/** Each picture is shown for so many frames, because a camera may need that long to catch it. */
const FRAMES = 8;

/** Writes a film in which each picture is shown for a while, in the format that Chromium's camera for tests reads. */
export function writeFilm(path: string, pictures: readonly Picture[]): void {
  const film = openSync(path, "w");
  writeSync(film, `YUV4MPEG2 W${WIDTH} H${HEIGHT} F20:1 Ip A1:1 C420jpeg\n`);
  const colours = Buffer.alloc((WIDTH * HEIGHT) / 2, 128);
  for (const { width, pixels } of pictures) {
    const height = pixels.length / width;
    const frame = Buffer.alloc(WIDTH * HEIGHT, 255);
    const [left, top] = [Math.floor((WIDTH - width) / 2), Math.floor((HEIGHT - height) / 2)];
    for (let row = 0; row < height; row += 1) {
      pixels.copy(frame, (top + row) * WIDTH + left, row * width, (row + 1) * width);
    }
    for (let shown = 0; shown < FRAMES; shown += 1)
      writeSync(film, Buffer.concat([Buffer.from("FRAME\n"), frame, colours]));
  }
  closeSync(film);
}
