import type { Viewer } from "./viewer.ts";
import { noticeOf, type NoticeCode } from "./wording.ts";
import { encodeFrame, type Frame, type GatewayMessage } from "./wire.ts";

const NOTIFY_EVERY_MS = 2_000;

/** The viewers of one live view. The first one is in control; the others watch. */
export class Viewers {
  readonly #all = new Set<Viewer>();
  readonly #notifiedMs = new Map<NoticeCode, number>();
  #lastSequence = 0;
  #newest: { readonly sequence: number; readonly bytes: Uint8Array } | undefined;
  /** Wakes whoever waits for a viewer. */
  #changed = Promise.withResolvers<void>();

  get count(): number {
    return this.#all.size;
  }

  /** Takes a viewer in. It gets the newest frame at once. */
  add(viewer: Viewer): void {
    if (![...this.#all].some(({ role }) => role === "controller")) viewer.role = "controller";
    this.#all.add(viewer);
    if (this.#newest) viewer.show(this.#newest);
    this.changed();
  }

  remove(viewer: Viewer): void {
    this.#all.delete(viewer);
    this.changed();
  }

  /** Gives a viewer control if nobody has it. */
  promote(viewer: Viewer): boolean {
    const controller = [...this.#all].find(({ role }) => role === "controller");
    if (controller && controller !== viewer) return false;
    viewer.role = "controller";
    viewer.tell({ type: "role", role: "controller" });
    return true;
  }

  tell(message: GatewayMessage): void {
    for (const viewer of this.#all) viewer.tell(message);
  }

  /** A page may want the same without end, so it is told once in a while. */
  notify(code: NoticeCode): void {
    const nowMs = performance.now();
    if (nowMs - (this.#notifiedMs.get(code) ?? Number.NEGATIVE_INFINITY) < NOTIFY_EVERY_MS) return;
    this.#notifiedMs.set(code, nowMs);
    this.tell(noticeOf(code));
  }

  /** Shows a picture to all. Resolves when one of them has drawn everything that it got, or the signal aborts. */
  async show(picture: Omit<Frame, "sequence">, signal: AbortSignal): Promise<void> {
    const sequence = (this.#lastSequence += 1);
    this.#newest = { sequence, bytes: encodeFrame({ ...picture, sequence }) };
    for (const viewer of this.#all) viewer.show(this.#newest);
    while (!signal.aborted && ![...this.#all].some(({ isReady }) => isReady)) await this.#changed.promise;
  }

  /** Call it when a viewer has drawn a frame, and after the signal of `show` aborted. */
  changed(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  close(code: number, reason: string): void {
    for (const viewer of this.#all) viewer.close(code, reason);
  }
}
