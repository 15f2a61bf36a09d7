// Draws a portrait of an invented person from a number. Licences carry a photo, but issuing a licence here needs
// neither a camera nor a file.

import type { Bytes } from "../bytes.ts";

export const PORTRAIT_WIDTH = 240;
export const PORTRAIT_HEIGHT = 300;

const BACKDROPS = ["#d5dfe4", "#e4ddd0", "#d8e0d3", "#e0d6df"];
const SKINS = ["#f2d3ba", "#e0ae87", "#c08a5f", "#8d5b3c", "#5f3c28"];
const HAIRS = ["#22201f", "#4a3021", "#7b4f2b", "#b88a4a", "#8d8d8f", "#a2492e"];
const CLOTHES = ["#2f4858", "#6b3f4c", "#3f5d4a", "#59527a", "#7a5a33"];
const INK = "#2a2421";

const JPEG_QUALITY = 0.8;

/** Draws the person with the number `seed`. Equal numbers give the same portrait. */
export function drawPortrait(canvas: HTMLCanvasElement, seed: number): void {
  canvas.width = PORTRAIT_WIDTH;
  canvas.height = PORTRAIT_HEIGHT;
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("this browser cannot draw on a canvas");
  const pick = picker(seed);
  const skin = pick(SKINS);
  const hair = pick(HAIRS);
  const long = pick([true, false]);
  const faceWidth = pick([50, 54, 58]);

  context.fillStyle = pick(BACKDROPS);
  context.fillRect(0, 0, PORTRAIT_WIDTH, PORTRAIT_HEIGHT);
  context.translate(PORTRAIT_WIDTH / 2, 0);

  if (long) blob(context, hair, 0, 150, faceWidth + 22, 88);
  drawShoulders(context, pick(CLOTHES), skin);
  blob(context, skin, 0, 138, faceWidth, 70);
  for (const side of [-1, 1]) blob(context, skin, side * faceWidth, 142, 9, 15);
  drawHair(context, hair, faceWidth, pick([0, 1, 2]));
  drawFace(context, hair, pick([0, 1, 2]), pick([true, false, false]));
  context.setTransform(1, 0, 0, 1, 0, 0);
}

/** Encodes the drawing as a JPEG, a format that ISO/IEC 18013-5, 7.2.1, names for portraits. */
export async function portraitBytes(canvas: HTMLCanvasElement): Promise<Bytes> {
  const blobOfCanvas = await new Promise<Blob | null>((resolve) => {
    canvas.toBlob(resolve, "image/jpeg", JPEG_QUALITY);
  });
  if (blobOfCanvas === null) throw new Error("this browser cannot write a canvas as a JPEG");
  return new Uint8Array(await blobOfCanvas.arrayBuffer());
}

function drawShoulders(context: CanvasRenderingContext2D, cloth: string, skin: string): void {
  context.fillStyle = cloth;
  context.beginPath();
  context.moveTo(-108, PORTRAIT_HEIGHT);
  context.bezierCurveTo(-104, 236, -64, 226, -26, 220);
  context.lineTo(26, 220);
  context.bezierCurveTo(64, 226, 104, 236, 108, PORTRAIT_HEIGHT);
  context.fill();
  context.fillStyle = skin;
  context.beginPath();
  context.moveTo(-24, 180);
  context.lineTo(-26, 222);
  context.quadraticCurveTo(0, 254, 26, 222);
  context.lineTo(24, 180);
  context.fill();
  context.fillStyle = "rgb(0 0 0 / 12%)";
  context.beginPath();
  context.ellipse(0, 206, 25, 9, 0, 0, Math.PI);
  context.fill();
}

function drawHair(context: CanvasRenderingContext2D, colour: string, faceWidth: number, style: number): void {
  const width = faceWidth + 7;
  context.fillStyle = colour;
  context.beginPath();
  context.moveTo(-width, 142);
  context.bezierCurveTo(-width - 10, 40, width + 10, 40, width, 142);
  if (style === 0) {
    context.bezierCurveTo(width - 6, 104, 24, 100, -10, 94);
    context.bezierCurveTo(-30, 104, -width + 8, 110, -width, 142);
  } else if (style === 1) {
    context.bezierCurveTo(width - 8, 96, -width + 8, 96, -width, 142);
  } else {
    context.bezierCurveTo(width - 4, 110, 40, 96, 16, 92);
    context.bezierCurveTo(0, 84, -width + 12, 110, -width, 142);
  }
  context.fill();
}

function drawFace(context: CanvasRenderingContext2D, brow: string, mouth: number, glasses: boolean): void {
  context.lineCap = "round";
  for (const side of [-1, 1]) {
    blob(context, INK, side * 22, 142, 4.2, 5);
    stroke(context, brow, 4, [side * 32, 128], [side * 22, 122], [side * 13, 127]);
    if (glasses) {
      context.strokeStyle = INK;
      context.lineWidth = 2.5;
      context.strokeRect(side * 22 - 15, 130, 30, 24);
    }
  }
  if (glasses) stroke(context, INK, 2.5, [-7, 140], [0, 136], [7, 140]);
  stroke(context, "rgb(0 0 0 / 32%)", 3, [0, 146], [7, 164], [-3, 166]);
  const depth = [190, 186, 182][mouth] ?? 186;
  stroke(context, "#8a4038", 4, [-15, 180], [0, depth], [15, 180]);
}

function blob(
  context: CanvasRenderingContext2D,
  colour: string,
  x: number,
  y: number,
  radiusX: number,
  radiusY: number,
): void {
  context.fillStyle = colour;
  context.beginPath();
  context.ellipse(x, y, radiusX, radiusY, 0, 0, 2 * Math.PI);
  context.fill();
}

type Point = readonly [x: number, y: number];

function stroke(
  context: CanvasRenderingContext2D,
  colour: string,
  width: number,
  from: Point,
  control: Point,
  to: Point,
): void {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.beginPath();
  context.moveTo(...from);
  context.quadraticCurveTo(...control, ...to);
  context.stroke();
}

/** Returns a function that picks an item of a list by the next bits of a number (xorshift). Nothing here is secret. */
function picker(seed: number): <T>(from: readonly T[]) => T {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  return (from) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const picked = from[(state >>> 0) % from.length];
    if (picked === undefined) throw new Error("nothing to pick from");
    return picked;
  };
}
