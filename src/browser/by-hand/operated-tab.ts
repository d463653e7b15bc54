import type { CDPSession, Dialog, Page } from "playwright";
import { addressOf } from "../address.ts";
import { browserCall, PAGE_CALL_LIMIT_MS } from "../browser-call.ts";
import { PageFetcher, type PageFetcherOptions } from "../page-fetch.ts";
import { PageInput } from "./page-input.ts";

const MAX_TITLE_CHARACTERS = 200;
const MAX_DIALOG_CHARACTERS = 2_000;
const DIALOGS = ["alert", "confirm", "prompt", "beforeunload"] as const;

/** A dialog of a page. Its words are the site's. */
export interface OpenDialog {
  readonly kind: (typeof DIALOGS)[number];
  readonly message: string;
  readonly defaultText: string;
}

/** What a page wanted and did not get. */
export type Refusal = "file_picker" | "download";

export interface TabEvents {
  /** Its title or address changed. */
  readonly onChange: () => void;
  readonly onDialog: (dialog: OpenDialog | undefined) => void;
  /** Its document is another one. */
  readonly onNavigated: () => void;
  readonly onRefused: (refusal: Refusal) => void;
  /** It was closed, or it crashed. */
  readonly onGone: () => void;
}

type Place = Pick<OperatedTab, "page" | "id" | "isPopup">;

/** A page that a person uses. */
export class OperatedTab {
  readonly id: number;
  readonly page: Page;
  readonly isPopup: boolean;
  readonly #cdp: CDPSession;
  readonly #input: PageInput;
  readonly #events: TabEvents;
  #dialog: Dialog | undefined;
  #fetcher: PageFetcher | undefined;
  title = "";
  address = "";

  private constructor({ page, id, isPopup }: Place, cdp: CDPSession, events: TabEvents) {
    this.page = page;
    this.id = id;
    this.isPopup = isPopup;
    this.#cdp = cdp;
    this.#input = new PageInput(cdp);
    this.#events = events;
    page.on("dialog", (dialog) => this.#opened(dialog));
    // A listener is what keeps Chromium from opening a file picker, which no picture shows.
    page.on("filechooser", () => events.onRefused("file_picker"));
    page.on("download", () => events.onRefused("download"));
    page.on("framenavigated", (frame) => {
      if (frame !== page.mainFrame()) return;
      this.#closed();
      events.onNavigated();
      void this.refresh();
    });
    page.once("close", events.onGone).once("crash", events.onGone);
  }

  /** @throws GatewayError `session_lost` */
  static async open(place: Place, events: TabEvents): Promise<OperatedTab> {
    const { page } = place;
    const cdp = await browserCall(PAGE_CALL_LIMIT_MS, "attach to the page", page.context().newCDPSession(page));
    const tab = new OperatedTab(place, cdp, events);
    await tab.refresh();
    return tab;
  }

  get dialog(): OpenDialog | undefined {
    const dialog = this.#dialog;
    return (
      dialog && {
        kind: DIALOGS.find((kind) => kind === dialog.type()) ?? "alert",
        message: dialog.message().slice(0, MAX_DIALOG_CHARACTERS),
        defaultText: dialog.defaultValue().slice(0, MAX_DIALOG_CHARACTERS),
      }
    );
  }

  /** What passes a person's input on; undefined while a dialog is open, because a page takes none then. */
  get input(): PageInput | undefined {
    return this.#dialog ? undefined : this.#input;
  }

  answer({ isAccepted, text }: { readonly isAccepted: boolean; readonly text?: string | undefined }): void {
    const dialog = this.#dialog;
    if (!dialog) return;
    this.#closed();
    const answered = isAccepted ? dialog.accept(text) : dialog.dismiss();
    // It may be gone with its page.
    answered.catch(() => {});
  }

  /** For questions to the site from inside the page. @throws GatewayError `session_lost` */
  async fetcher(options: PageFetcherOptions): Promise<PageFetcher> {
    if (!this.#fetcher || this.#fetcher.lost) this.#fetcher = await PageFetcher.open(this.page, options);
    return this.#fetcher;
  }

  /** Reads its title and address. Asks the browser and not the page, which may be stuck. Never rejects. */
  async refresh(): Promise<void> {
    const asked = browserCall(PAGE_CALL_LIMIT_MS, "read the page's title", this.#cdp.send("Target.getTargetInfo"));
    const info = (await asked.catch(() => undefined))?.targetInfo;
    const title = info?.title.slice(0, MAX_TITLE_CHARACTERS) ?? this.title;
    const address = addressOf(info?.url ?? this.page.url());
    if (title === this.title && address === this.address) return;
    this.title = title;
    this.address = address;
    this.#events.onChange();
  }

  /** Lets go of what is held, and answers its dialog with no, so that the page can close. */
  release(): void {
    this.#input.release();
    this.answer({ isAccepted: false });
  }

  #opened(dialog: Dialog): void {
    this.#dialog = dialog;
    const { dialog: open } = this;
    this.#events.onDialog(open);
  }

  #closed(): void {
    if (!this.#dialog) return;
    this.#dialog = undefined;
    this.#events.onDialog(undefined);
  }
}
