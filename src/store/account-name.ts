/** What an account is known by: its sign-in and its id. One account of a site may have had several sign-ins. */
export interface AccountName {
  /** Of its sign-in. */
  readonly key: string;
  readonly id: string;
}

/** Both names, each of which tells an account. They are the names of its locks, too. */
export function namesOf({ key, id }: AccountName): [string, string] {
  return [`key:${key}`, `id:${id}`];
}
