import type { PagesEvents } from "../../src/browser/by-hand/operated-pages.ts";
import type { Subject } from "../../src/live-view/subject.ts";

const nothing = (): void => {};

/** An account that is shown without a browser. */
export class ScriptedSubject implements Subject {
  readonly account: string;
  readonly isThere = true;
  events: PagesEvents | undefined;
  isOpen = false;

  constructor(account = "alice") {
    this.account = account;
  }

  async open({ events, onTaken }: Parameters<Subject["open"]>[0]) {
    onTaken();
    this.events = events;
    this.isOpen = true;
    return {
      pages: {
        tabs: [],
        shown: undefined,
        select: nothing,
        close: nothing,
        go: nothing,
        look: async () => {},
        check: async () => {},
      },
      isInNeed: false,
      conclude: async () => ({ account: this.account, state: "ready" }),
      [Symbol.asyncDispose]: async () => void (this.isOpen = false),
    };
  }
}
