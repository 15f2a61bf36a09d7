// Reads QR codes with the camera. This module contains the QR decoder, so it is loaded only when a camera is first
// used.

import { frameLoop, type QRCamera, QRCanvas, rearCamera } from "qr/dom.js";

import { Refusal } from "../failure.ts";

/**
 * Shows the camera's picture in `video` and passes the texts of codes to `read`, until `video` is removed from the
 * page.
 */
export async function readCodes(video: HTMLVideoElement, read: (text: string) => void): Promise<void> {
  const camera = await opened(video);
  const canvas = new QRCanvas();
  let last = "";
  const look = async (): Promise<void> => {
    if (!video.isConnected) {
      endLoop();
      camera.stop();
      return;
    }
    const text = await camera.readFrame(canvas, true);
    // A code stays in view for many frames.
    if (typeof text !== "string" || text === last || !video.isConnected) return;
    last = text;
    read(text);
  };
  const endLoop = frameLoop(() => void look());
}

async function opened(video: HTMLVideoElement): Promise<QRCamera> {
  try {
    return await rearCamera(video);
  } catch (cause) {
    // Without `mediaDevices`, the error is a TypeError. Otherwise it is a DOMException, whose name says whether there
    // is no camera or whether the page may not use one.
    const reason = cause instanceof DOMException ? cause.name : "the browser offers none";
    throw new Refusal(
      "no_camera",
      "camera",
      `no camera can be used here (${reason}); allow the page to use one, or choose a file`,
    );
  }
}
