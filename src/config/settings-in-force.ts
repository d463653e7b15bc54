import type { EnvFile } from "./env-file.ts";
import type { Setting } from "./parsers.ts";
import { SETTINGS } from "./settings.ts";

/** A setting as it is in force, for the operator. */
export interface SettingInForce {
  readonly name: string;
  /** As it was written, or the default; `set` for a secret; null where there is none. */
  readonly value: string | null;
  readonly isSecret: boolean;
  /**
   * env: the environment · env-file: `.env` · secret-file: the file that the `_FILE` form names · generated: the first start
   * made it and keeps it in STATE_DIR.
   */
  readonly source: "default" | "env" | "env-file" | "secret-file" | "generated";
  readonly unit: string;
  readonly doc: string;
}

export interface SettingOrigins {
  /** The text of each setting, its default included. */
  readonly texts: ReadonlyMap<string, string | undefined>;
  /** What is set in the environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly file: Pick<EnvFile, "values"> | undefined;
  /** The settings that were read from a file of their own. */
  readonly fromFiles: readonly string[];
}

/** Every setting and where its value comes from. Holds no secret. */
export function settingsInForce(origins: SettingOrigins): readonly SettingInForce[] {
  return Object.entries<Setting<unknown>>(SETTINGS).map(
    ([name, { isSecret = false, isGenerated = false, unit, doc }]) => {
      const text = origins.texts.get(name);
      const isSet = text !== undefined && text !== "";
      const value = isSet ? withoutUserInfo(text) : null;
      const isMade = !isSet && isGenerated;
      return {
        name,
        value: isSecret && (isSet || isMade) ? "set" : value,
        isSecret,
        source: isMade ? "generated" : sourceOf(name, origins),
        unit,
        doc,
      };
    },
  );
}

/** The text without the user and password of its URLs. */
export function withoutUserInfo(text: string): string {
  return text.replaceAll(/\/\/[^/@\s]*@/g, "//…@");
}

function sourceOf(name: string, { environment, file, fromFiles }: SettingOrigins): SettingInForce["source"] {
  if (fromFiles.includes(name)) return "secret-file";
  if (environment[name] !== undefined) return "env";
  return file?.values[name]?.trim() ? "env-file" : "default";
}
