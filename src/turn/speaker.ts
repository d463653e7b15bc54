export interface Speaker {
  readonly role: "system" | "user" | "assistant";
  readonly name?: string;
}

/** The names that APIs have for the roles. */
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

/** The role of a message. An unknown role becomes a user of that name, because a client cannot change its history. */
export function speakerOf(role: string): Speaker {
  const known = ROLES.get(role);
  return known ? { role: known } : { role: "user", name: role };
}
