// Reads QR codes by the camera. It brings what reads pictures along, so it is loaded when a camera is first used.

import { frameLoop, type QRCamera, QRCanvas, rearCamera } from "qr/dom.js";

import { Refusal } from "../failure.ts";

/** Shows what the camera sees on `video`, and gives the texts of codes to `read`, until `video` is taken off the page. */
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
    // Without `mediaDevices` it is a TypeError; else a DOMException, whose name says whether there is none, or none is allowed.
    const reason = cause instanceof DOMException ? cause.name : "the browser lends none";
    throw new Refusal(
      "no_camera",
      "camera",
      `no camera can be used here (${reason}); allow this page one, or take a file`,
    );
  }
}
