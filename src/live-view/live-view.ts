import type { PagesEvents } from "../browser/by-hand/operated-pages.ts";
import { GatewayError } from "../errors.ts";
import { passOn } from "./pass-on.ts";
import type { Opening, OpenSubject, Subject } from "./subject.ts";
import type { Viewer } from "./viewer.ts";
import { Viewers } from "./viewers.ts";
import { ENDINGS, noticeOf } from "./wording.ts";
import { CLOSE_CODES, type EndReason, type GatewayMessage, type Phase, type ViewerMessage } from "./wire.ts";

export interface LiveViewLimits {
  /** A view lasts no longer, whatever happens. */
  readonly maxMs: number;
  /** How long it waits for a viewer who lost the connection. */
  readonly graceMs: number;
}

interface Ending {
  readonly reason: EndReason;
  readonly message: string;
}

export interface EndedView extends Ending {
  readonly account: string | null;
  readonly state: string | null;
}

/** How often the titles and the cookies are looked at. */
const LOOK_EVERY_MS = 1_000;
const CHECK_LIMIT_MS = 15_000;

/** One account's page in the hands of its operator, from the lease to the return. */
export class LiveView {
  readonly endsAt: number;
  /** Resolves when the account is back and all viewers are told. Never rejects. */
  readonly over: Promise<EndedView>;
  readonly #subject: Subject;
  readonly #viewers = new Viewers();
  readonly #limits: LiveViewLimits;
  readonly #ending = Promise.withResolvers<Ending>();
  readonly #ended = new AbortController();
  readonly #stopping = new AbortController();
  readonly #timers: NodeJS.Timeout[] = [];
  #grace: NodeJS.Timeout | undefined;
  #phase: Phase = "waiting";
  #open: OpenSubject | undefined;
  /** The page took input, and something happened in it since the last check. */
  #hadInput = false;
  #hasProgressed = false;
  #isChecking = false;
  #isAskedMeanwhile = false;
  #isLooking = false;

  constructor(subject: Subject, limits: LiveViewLimits) {
    this.#subject = subject;
    this.#limits = limits;
    this.endsAt = Date.now() + limits.maxMs;
    this.#timers.push(setTimeout(() => this.end("time_over"), limits.maxMs));
    this.#timers.push(setInterval(() => void this.#look(), LOOK_EVERY_MS));
    this.over = this.#run();
  }

  get isOver(): boolean {
    return this.#ended.signal.aborted;
  }

  /** Takes a viewer in. `onMessage` and `onGone` must be called for it from now on. */
  join(viewer: Viewer): void {
    clearTimeout(this.#grace);
    const { account } = this.#subject;
    this.#viewers.add(viewer);
    viewer.tell({ type: "hello", account, role: viewer.role, endsAt: this.endsAt });
    viewer.tell({ type: "phase", phase: this.#phase });
    if (!this.#open) return;
    viewer.tell(this.#tabs());
    viewer.tell({ type: "dialog", dialog: this.#open.pages.shown?.dialog ?? null });
  }

  onGone(viewer: Viewer): void {
    this.#viewers.remove(viewer);
    if (viewer.role === "controller") this.#open?.pages.shown?.input?.release();
    if (this.#viewers.count > 0) return;
    clearTimeout(this.#grace);
    this.#grace = setTimeout(() => this.end("left"), this.#limits.graceMs);
  }

  onMessage(viewer: Viewer, message: ViewerMessage): void {
    if (message.type === "ack") return this.#viewers.changed();
    if (message.type === "leave") return this.#leave(viewer);
    if (message.type === "control") {
      if (!this.#viewers.promote(viewer)) viewer.tell(noticeOf("control_taken"));
      return;
    }
    if (viewer.role === "controller") this.#act(message);
    else viewer.tell(noticeOf("not_in_control"));
  }

  /** The gateway stops: the account goes back at once. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.end("stopping");
    await this.over;
  }

  /** Ends the view. The first reason counts. */
  end(reason: EndReason, message = ENDINGS[reason]): void {
    this.#ending.resolve({ reason, message });
    this.#ended.abort();
    this.#viewers.changed();
  }

  async #run(): Promise<EndedView> {
    let result: EndedView;
    try {
      result = await this.#show();
    } catch (cause) {
      const failed = { reason: "failed" as const, message: GatewayError.from(cause).message };
      // What was asked to end while it opened did not fail.
      const ending = this.isOver ? await this.#ending.promise : failed;
      result = { ...(ending.reason === "solved" ? failed : ending), account: this.#subject.account, state: null };
    }
    this.end(result.reason, result.message);
    for (const timer of [...this.#timers, this.#grace]) clearTimeout(timer);
    this.#viewers.tell({ type: "ended", ...result });
    this.#viewers.close(CLOSE_CODES.ended, result.reason);
    return result;
  }

  async #show(): Promise<EndedView> {
    const { signal } = this.#ended;
    const opening: Opening = { events: this.#events(), signal, onTaken: () => this.#enter("opening") };
    await using open = await this.#subject.open(opening);
    this.#open = open;
    this.#enter("open");
    this.#viewers.tell(this.#tabs());
    const ending = await this.#ending.promise;
    if (ending.reason !== "solved") return { ...ending, account: this.#subject.account, state: null };
    this.#enter("returning");
    return { ...ending, ...(await open.conclude(this.#stopping.signal)) };
  }

  #events(): PagesEvents {
    return {
      onTabs: () => this.#open && this.#viewers.tell(this.#tabs()),
      onPicture: (tab, picture) => this.#viewers.show({ tab, ...picture }, this.#ended.signal),
      onDialog: (dialog) => this.#viewers.tell({ type: "dialog", dialog: dialog ?? null }),
      onRefused: (refusal) => this.#viewers.notify(refusal),
      onProgress: () => (this.#hasProgressed = true),
      onGone: () => this.end(this.#subject.isThere ? "failed" : "removed"),
    };
  }

  #act(message: Exclude<ViewerMessage, { readonly type: "ack" | "leave" | "control" }>): void {
    const pages = this.#open?.pages;
    if (!pages || this.isOver) return;
    const tab = pages.shown;
    if (message.type === "done") return void this.#check({ isAsked: true });
    if (message.type === "select") return pages.select(message.tab);
    if (message.type === "close") return pages.close(message.tab);
    if (message.type === "go") return pages.go(message.to);
    if (message.type === "dialog") return tab?.answer(message);
    this.#hadInput = true;
    if (tab?.input) passOn(message, tab.input);
  }

  #leave(viewer: Viewer): void {
    viewer.close(CLOSE_CODES.ended, "left");
    if (this.#viewers.count === 1) this.end("left");
  }

  async #look(): Promise<void> {
    if (this.#phase !== "open" || this.#viewers.count === 0 || this.#isLooking) return;
    this.#isLooking = true;
    await this.#open?.pages.look();
    this.#isLooking = false;
    if (this.#hasProgressed && this.#hadInput && this.#open?.isInNeed) await this.#check({ isAsked: false });
  }

  /** Asks the site whether the account is signed in. Only the operator is told that it is not. */
  async #check({ isAsked }: { readonly isAsked: boolean }): Promise<void> {
    const open = this.#open;
    if (!open || this.isOver) return;
    // The one that runs began before the operator said so.
    if (this.#isChecking) return void (this.#isAskedMeanwhile ||= isAsked);
    this.#isChecking = true;
    this.#hasProgressed = false;
    if (isAsked) this.#enter("checking");
    try {
      await open.pages.check(AbortSignal.any([this.#ended.signal, AbortSignal.timeout(CHECK_LIMIT_MS)]));
      this.#viewers.tell({ type: "checked", isSolved: true, code: null, message: "The account is signed in." });
      this.end("solved");
    } catch (cause) {
      const { code, message } = GatewayError.from(cause);
      if (isAsked && !this.isOver) this.#viewers.tell({ type: "checked", isSolved: false, code, message });
    } finally {
      this.#isChecking = false;
      if (isAsked && !this.isOver) this.#enter("open");
    }
    if (!this.#isAskedMeanwhile) return;
    this.#isAskedMeanwhile = false;
    await this.#check({ isAsked: true });
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#viewers.tell({ type: "phase", phase });
  }

  #tabs(): GatewayMessage {
    const { tabs = [], shown } = this.#open?.pages ?? {};
    const listed = tabs.map(({ id, title, address, isPopup }) => ({ id, title, address, isPopup }));
    return { type: "tabs", tabs: listed, shown: shown?.id ?? 0 };
  }
}
