import { readFileSync } from "node:fs";
import type { CDPSession } from "playwright";
import { killProcessesIn, runsIn } from "../process/temp-dir.ts";
import { browserCall } from "./browser-call.ts";

const CALL_LIMIT_MS = 30_000;

/** The processes of a Chromium that this process started, with a temporary directory of its own. */
export class LocalProcess {
  /** Chromium's main process, which leads a process group of its own; undefined where it is out of sight. */
  readonly pid: number | undefined;
  readonly #tempDir: string;

  private constructor(pid: number | undefined, tempDir: string) {
    this.pid = pid;
    this.#tempDir = tempDir;
  }

  /** @throws GatewayError `session_lost` when the browser does not tell its process id. */
  static async of(cdp: CDPSession, tempDir: string): Promise<LocalProcess> {
    const call = cdp.send("SystemInfo.getProcessInfo");
    const { processInfo } = await browserCall(CALL_LIMIT_MS, "ask for processes", call);
    const told = processInfo.find((process) => process.type === "browser")?.id;
    return LocalProcess.find(told, tempDir);
  }

  /**
   * `told`: the process id as Chromium knows it. In a PID namespace, such as that of a wrapper that starts Chromium in a
   * container, it is the number of another process here, so it counts only if that process has Chromium's directory.
   */
  static async find(told: number | undefined, tempDir: string): Promise<LocalProcess> {
    const isOwn = told !== undefined && (await runsIn(told, tempDir));
    return new LocalProcess(isOwn ? told : undefined, tempDir);
  }

  /** In the kernel's ticks. NaN where the system does not tell. */
  processorTime(): number {
    try {
      const stat = readFileSync(`/proc/${this.pid}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const [userTicks, systemTicks] = fields.slice(11, 13);
      return Number(userTicks) + Number(systemTicks);
    } catch {
      return Number.NaN;
    }
  }

  /** Ends all of them, frozen ones too, without waiting for anything where the process group is known. Never rejects. */
  async kill(): Promise<void> {
    if (this.pid === undefined) {
      await killProcessesIn(this.#tempDir);
      return;
    }
    try {
      process.kill(-this.pid, "SIGKILL");
    } catch {
      // The process group is gone already.
    }
  }
}
