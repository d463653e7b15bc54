export interface Speaker {
  readonly role: "system" | "user" | "assistant";
  readonly name?: string;
}

/** What APIs call who speaks. */
const ROLES: ReadonlyMap<string, Speaker["role"]> = new Map([
  ["system", "system"],
  ["developer", "system"],
  ["platform", "system"],
  ["user", "user"],
  ["human", "user"],
  ["assistant", "assistant"],
  ["model", "assistant"],
  ["ai", "assistant"],
] as const);

/** Who speaks in a turn; a role that nobody knows is a user by that name, since a client cannot change its history. */
export function speakerOf(role: string): Speaker {
  const known = ROLES.get(role);
  return known ? { role: known } : { role: "user", name: role };
}
