import type { EndReason, GatewayMessage } from "./wire.ts";

export type NoticeCode = Extract<GatewayMessage, { readonly type: "notice" }>["code"];

const NOTICES: Readonly<Record<NoticeCode, string>> = {
  file_picker: "The page wanted to open a file. The live view has no files.",
  download: "The page wanted to store a file. Downloads are refused.",
  popup_limit: "The page opened too many windows. The newest one was closed.",
  control_taken: "Somebody else is in control.",
  not_in_control: "You are watching; somebody else is in control.",
};

/** `failed` has a message of its own each time. */
export const ENDINGS: Readonly<Record<EndReason, string>> = {
  solved: "The account can serve.",
  left: "Nobody was watching.",
  time_over: "The time of this view is over. Open it again to go on.",
  removed: "The account was removed.",
  failed: "The page was closed.",
  stopping: "The gateway stops.",
};

export function noticeOf(code: NoticeCode): GatewayMessage {
  return { type: "notice", code, message: NOTICES[code] };
}
