/** Something that the machine lacks or forbids. The message says what to change; a stack trace would not help. */
export class MachineError extends Error {
  override readonly name = "MachineError";
}

const ADVICE: Readonly<Record<string, string>> = {
  EACCES: "this user has no right to; change the owner or the rights, or choose another place",
  EPERM: "this user has no right to; change the owner or the rights, or choose another place",
  EROFS: "its file system is read-only; mount it for writing, or choose another place",
  ENOSPC: "its disk is full; free some of it, or choose another place",
  EDQUOT: "this user's quota is used up; free some of it, or choose another place",
  ENOTDIR: "a file is in the way of a folder; move it, or choose another place",
  EEXIST: "a file is in the way of a folder; move it, or choose another place",
  EISDIR: "a folder is in the way of a file; move it, or choose another place",
  ENOENT: "there is no such place",
  EIO: "its disk fails; look into the kernel's log",
  EMFILE: "too many files are open; raise the limit (ulimit -n)",
  ENFILE: "too many files are open on this machine",
};
const ACTIONS: Readonly<Record<string, string>> = {
  mkdir: "make the folder",
  mkdtemp: "make a folder in",
  open: "open",
  read: "read",
  scandir: "read the folder",
  write: "write to",
  link: "write",
  rename: "write",
  chmod: "set the rights of",
  unlink: "remove",
};

/** Describes, in one sentence, a failure of the operating system that an operator can correct; undefined for others. */
export function systemFailure(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  const { code = "", path, syscall = "" } = cause as NodeJS.ErrnoException;
  const advice = ADVICE[code];
  if (advice === undefined || path === undefined) return undefined;
  // The end of the template for mkdtemp.
  return `The gateway cannot ${ACTIONS[syscall] ?? "use"} ${path.replace(/XXXXXX$/, "…")} (${code}): ${advice}.`;
}
