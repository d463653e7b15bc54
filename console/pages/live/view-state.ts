import type { GatewayMessage, Phase, Role, ShownDialog, Tab } from "../../../src/live-view/wire.ts";

type Ended = Extract<GatewayMessage, { type: "ended" }>;

/** What a viewer knows of the view. */
export interface ViewState {
  readonly phase: Phase | "connecting" | "ended" | "lost";
  readonly role: Role;
  readonly endsAt: number | undefined;
  readonly tabs: readonly Tab[];
  readonly shown: number;
  readonly dialog: ShownDialog | null;
  /** The last thing that the gateway said. */
  readonly said: string | undefined;
  readonly ended: Ended | undefined;
}

export const FIRST_STATE: ViewState = {
  phase: "connecting",
  role: "watcher",
  endsAt: undefined,
  tabs: [],
  shown: 0,
  dialog: null,
  said: undefined,
  ended: undefined,
};

export function after(state: ViewState, message: GatewayMessage): ViewState {
  switch (message.type) {
    case "hello":
      return { ...state, role: message.role, endsAt: message.endsAt };
    case "phase":
      return { ...state, phase: message.phase };
    case "role":
      return { ...state, role: message.role };
    case "tabs":
      return { ...state, tabs: message.tabs, shown: message.shown };
    case "dialog":
      return { ...state, dialog: message.dialog };
    case "notice":
    case "checked":
      return { ...state, said: message.message };
    case "ended":
      return { ...state, phase: "ended", said: message.message, ended: message, dialog: null };
    default:
      // A newer gateway may say more.
      return state;
  }
}
