import { lazy, type ComponentType } from "react";
import { ApiError } from "../api/client.ts";

/** A part of the console that is loaded when it is first shown. Throws ApiError `not_reached` where it cannot be. */
export function loadedLater<Props>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  return lazy(async () => {
    try {
      return { default: await load() };
    } catch {
      throw new ApiError(0, { code: "not_reached", message: "The gateway does not answer." });
    }
  }) as ComponentType<Props>;
}

async function served(): Promise<string | undefined> {
  const response = await fetch(window.location.href).catch(() => undefined);
  return response?.ok ? response.text() : undefined;
}

/** A tab that was open during an upgrade asks for files that are gone: it is loaded anew, and a tab without a gateway is not. */
export async function reloadAfterUpgrade(): Promise<void> {
  const entry = document.querySelector("script[type=module]")?.getAttribute("src");
  const page = await served();
  if (page !== undefined && entry && !page.includes(entry)) window.location.reload();
}

/** Loads the page anew if the gateway answers: what could not be loaded is not asked for again otherwise. */
export async function reloadIfServed(): Promise<void> {
  if ((await served()) !== undefined) window.location.reload();
}
