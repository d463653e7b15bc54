import { expect } from "vitest";
import type { Tab } from "../../src/live-view/wire.ts";
import { SIGN_IN_AT } from "../../src/simulator/sign-in.ts";
import { LiveViewer } from "./live-viewer.ts";

function isConfirm({ title, isPopup }: Tab): boolean {
  return isPopup && title === "Confirm";
}

/** Fills in the simulated site's form and passes its pop-up. */
export async function signInByHand(viewer: LiveViewer, name: string, password: string): Promise<void> {
  viewer.click(SIGN_IN_AT.name);
  viewer.send({ type: "text", text: name });
  viewer.click(SIGN_IN_AT.password);
  viewer.send({ type: "text", text: password });
  viewer.click(SIGN_IN_AT.button);
  const { tabs, shown } = await viewer.until("tabs", (one) => one.tabs.some(isConfirm));
  expect(tabs.find(isConfirm)?.id).toBe(shown);
  await viewer.untilFrame(({ tab }) => tab === shown);
  viewer.click(SIGN_IN_AT.confirm);
}

/** A live view of the site's form for a new account. */
export async function openSignIn(
  url: string,
  body: { readonly id: string; readonly site?: string },
): Promise<LiveViewer> {
  const viewer = await LiveViewer.open(url, "live-view/sign-in", body);
  await viewer.untilOpen();
  await viewer.until("tabs", ({ tabs }) => tabs[0]?.title === "Sign in");
  return viewer;
}
