import type { Text } from "../texts/language.tsx";

type Tone = "good" | "busy" | "waiting" | "bad" | "off";

interface StateLook {
  readonly label: Text;
  readonly tone: Tone;
  /** Mantine's colour. */
  readonly colour: string;
  /** Whether a person must act. */
  readonly needsPerson?: boolean;
}

const GOOD = { tone: "good", colour: "green" } as const;
const WAITING = { tone: "waiting", colour: "yellow" } as const;
const BAD = { tone: "bad", colour: "red", needsPerson: true } as const;
const OFF = { tone: "off", colour: "gray" } as const;

const LOOKS: Readonly<Record<string, StateLook>> = {
  idle: { label: "Asleep", ...GOOD },
  opening: { label: "Opening", tone: "busy", colour: "blue" },
  ready: { label: "Ready", ...GOOD },
  busy: { label: "Answering", tone: "busy", colour: "blue" },
  rate_limited: { label: "Pacing", ...WAITING },
  cooldown: { label: "Pausing", ...WAITING },
  challenged: { label: "Challenged", tone: "waiting", colour: "orange" },
  needs_attention: { label: "Needs you", ...BAD },
  expired: { label: "Signed out", ...BAD },
  disabled: { label: "Disabled", ...OFF },
  taken_over: { label: "In live view", tone: "busy", colour: "grape" },
  draining: { label: "Draining", ...OFF },
  unowned: { label: "No replica", ...WAITING },
  unknown: { label: "Unknown", tone: "waiting", colour: "red" },
};

export function lookOf(state: string): StateLook | undefined {
  return LOOKS[state];
}

/** Whether a person must act before the account answers again. */
export function needsPerson(state: string): boolean {
  return LOOKS[state]?.needsPerson === true;
}
