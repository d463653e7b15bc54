import type { Text } from "../texts/language.tsx";

interface StateLook {
  readonly label: Text;
  /** Mantine's colour. */
  readonly colour: string;
  /** Whether a person must act. */
  readonly needsPerson?: boolean;
  /** Whether it answers requests now, or as soon as its rate limit lets it. */
  readonly canAnswer?: boolean;
}

const GOOD = { colour: "green", canAnswer: true } as const;
const BAD = { colour: "red", needsPerson: true } as const;

const LOOKS: Readonly<Record<string, StateLook>> = {
  idle: { label: "Asleep", ...GOOD },
  opening: { label: "Opening", colour: "blue" },
  ready: { label: "Ready", ...GOOD },
  busy: { label: "Answering", colour: "blue", canAnswer: true },
  rate_limited: { label: "Pacing", colour: "yellow", canAnswer: true },
  cooldown: { label: "Pausing", colour: "yellow" },
  challenged: { label: "Challenged", colour: "orange" },
  needs_attention: { label: "Needs you", ...BAD },
  expired: { label: "Signed out", ...BAD },
  disabled: { label: "Disabled", colour: "gray" },
  taken_over: { label: "In live view", colour: "grape" },
  draining: { label: "Draining", colour: "gray" },
  unowned: { label: "No replica", colour: "yellow" },
  unknown: { label: "Unknown", colour: "red" },
};

export function lookOf(state: string): StateLook | undefined {
  return LOOKS[state];
}

/** Whether the account answers requests now, or as soon as its rate limit lets it. */
export function canAnswer(state: string): boolean {
  return LOOKS[state]?.canAnswer === true;
}

/** Whether a person must act before the account answers again. */
export function needsPerson(state: string): boolean {
  return LOOKS[state]?.needsPerson === true;
}
