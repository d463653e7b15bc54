import type { CDPSession, Page } from "playwright";
import { addressOf } from "./address.ts";
import { browserCall } from "./browser-call.ts";
import { describeDocument, type DescribedDocument } from "./document-text.ts";
import type { ConsoleLine } from "./page-console.ts";

/** What a page shows. It may hold secrets of the account: they are to be removed before it is kept. */
export interface PageEvidence {
  /** Without query and fragment. */
  readonly address: string;
  readonly document: DescribedDocument | undefined;
  /** JPEG. */
  readonly screenshot: Buffer | undefined;
  readonly console: readonly ConsoleLine[];
  /** What could not be seen. */
  readonly missing: readonly string[];
}

/** The longest that all looks at a page take together: the account waits for them. */
const LOOK_LIMIT_MS = 2_500;
/** The same for a page that may be dead. */
const LOST_LOOK_LIMIT_MS = 250;
/** In JSON, each may take six bytes, so the message stays within what Chromium's messages may have. */
const MAX_HTML_CHARACTERS = 128 * 1024;
const WORLD_NAME = "evidence";
/** A picture of noise stays within the same limit. */
const QUALITY = 60;

interface LookOptions {
  readonly console?: readonly ConsoleLine[];
  readonly isLost?: boolean;
  /** For all of it; 2.5 s unless given, 250 ms for a page that is lost. */
  readonly limitMs?: number;
}

/** Looks at the page for a limited time: at its picture, its document and its console. Never rejects. */
export async function evidenceOf(
  page: Page,
  { console = [], isLost = false, limitMs = isLost ? LOST_LOOK_LIMIT_MS : LOOK_LIMIT_MS }: LookOptions = {},
): Promise<PageEvidence> {
  const address = page.isClosed() ? "the page was closed" : addressOf(page.url());
  const missing: string[] = [];
  const endMs = performance.now() + limitMs;
  const seen = async <T>(what: string, look: Promise<T>): Promise<T | undefined> =>
    browserCall(Math.max(0, endMs - performance.now()), what, look).catch(
      (cause: Error) => void missing.push(`${what}: ${cause.message}`),
    );
  const cdp = await seen("attach to the page", page.context().newCDPSession(page));
  if (!cdp) return { address, document: undefined, screenshot: undefined, console, missing };
  const [screenshot, document] = await Promise.all([
    seen("take a picture", pictureOf(cdp)),
    seen("read the document", documentOf(cdp)),
  ]);
  cdp.detach().catch(() => {});
  return { address, document, screenshot, console, missing };
}

async function pictureOf(cdp: CDPSession): Promise<Buffer> {
  const { data } = await cdp.send("Page.captureScreenshot", {
    format: "jpeg",
    quality: QUALITY,
    optimizeForSpeed: true,
  });
  return Buffer.from(data, "base64");
}

/** Reads it in a world of its own: the page's scripts can neither see nor change how it is read. */
async function documentOf(cdp: CDPSession): Promise<DescribedDocument> {
  const { frameTree } = await cdp.send("Page.getFrameTree");
  const world = { frameId: frameTree.frame.id, worldName: WORLD_NAME };
  const { executionContextId } = await cdp.send("Page.createIsolatedWorld", world);
  const { result } = await cdp.send("Runtime.callFunctionOn", {
    functionDeclaration: describeDocument.toString(),
    executionContextId,
    arguments: [{ value: MAX_HTML_CHARACTERS }],
    returnByValue: true,
  });
  return result.value as DescribedDocument;
}
