import { once } from "node:events";
import { WebSocket } from "ws";
import { decodeFrame } from "../../src/live-view/wire.ts";

/** From then on the view runs evenly. */
const FIRST_FRAMES = 10;

/** A live view of the site's sign-in page, whose viewer draws every frame. */
export class CastView implements AsyncDisposable {
  readonly #socket: WebSocket;
  frames = 0;
  bytes = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer, isBinary) => {
      const frame = isBinary ? decodeFrame(data) : undefined;
      if (!frame) return;
      this.frames += 1;
      this.bytes += data.length;
      socket.send(JSON.stringify({ type: "ack", sequence: frame.sequence }));
      socket.emit("frame");
    });
  }

  /** Resolves when frames come. */
  static async open(url: string, adminKey: string): Promise<CastView> {
    const response = await fetch(`${url}/admin/api/live-view/sign-in`, {
      method: "POST",
      headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
      body: "{}",
    });
    const { ticket } = (await response.json()) as { readonly ticket: string };
    const view = new CastView(new WebSocket(`${url.replace(/^http/, "ws")}/admin/api/live-view?ticket=${ticket}`));
    while (view.frames < FIRST_FRAMES) await once(view.#socket, "frame");
    return view;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#socket, "close");
    this.#socket.send(JSON.stringify({ type: "leave" }));
    await closed;
  }
}
