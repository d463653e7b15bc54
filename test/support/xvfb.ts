import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

function isInstalled(program: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Whether to leave out what needs a display of its own. Never where all must be tried (CI): it fails there. */
export const LACKS_XVFB = process.env["CI"] !== "true" && !isInstalled("Xvfb");
