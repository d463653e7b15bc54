import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { SETTINGS } from "../../src/config/settings.ts";
import { ERRORS } from "../../src/errors.ts";
import { CLIENTS } from "../clients/catalog.ts";
import { title } from "../clients/client.ts";

const ROOT = join(import.meta.dirname, "../..");

/** The first cells of a table under a heading, with their rows. */
function tableRows(file: string, firstCell: RegExp): ReadonlyMap<string, readonly string[]> {
  const rows = readFileSync(join(ROOT, file), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) =>
      line
        .split("|")
        .map((cell) => cell.trim())
        .slice(1, -1),
    )
    .filter(([first]) => firstCell.test(first ?? ""));
  return new Map(rows.map(([first = "", ...rest]) => [first.replaceAll("`", ""), rest]));
}

describe.each(["README.md", "README.zh-CN.md"])("%s", (file) => {
  test("lists every setting with its default", () => {
    const listed = tableRows(file, /^`[A-Z]/);
    const shown = [...listed].map(([name, [value = ""]]) => [name, value.replaceAll("`", "")]);
    const expected = Object.entries(SETTINGS).map(([name, row]) => [name, row.default ?? ""]);
    expect(shown).toEqual(expected);
  });

  test("lists every error with its status, and what the gateway does about it", () => {
    const listed = tableRows(file, /^`[a-z]/);
    const shown = [...listed].map(([code, cells]) => [code, ...cells.slice(0, 3)]);
    const expected = Object.entries(ERRORS).map(([code, row]) => [
      code,
      String(row.status),
      row.failover ? "✓" : "",
      row.clientRetry ? "✓" : "",
    ]);
    expect(shown).toEqual(expected);
  });
});

test.each(["README.md", "README.zh-CN.md"])("%s names the file that each secret may come from", (file) => {
  const text = readFileSync(join(ROOT, file), "utf8");
  const secrets = Object.entries(SETTINGS).filter(([, row]) => "isSecret" in row && row.isSecret);
  expect(secrets.map(([name]) => `${name}_FILE`).filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
});

test("the languages of the README show the same commands and units", () => {
  const [english = "", chinese = ""] = ["README.md", "README.zh-CN.md"].map((file) =>
    readFileSync(join(ROOT, file), "utf8").replaceAll(/ +# .*$/gm, ""),
  );
  expect(codeBlocks(chinese)).toEqual(codeBlocks(english));
  expect(unitsIn("README.zh-CN.md")).toEqual(unitsIn("README.md"));
});

test.each(["README.md", "README.zh-CN.md"])("%s links every guide in docs", (file) => {
  const text = readFileSync(join(ROOT, file), "utf8");
  const guides = readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md"));
  expect(guides.filter((name) => !text.includes(`](docs/${name})`))).toEqual([]);
});

test(".env.example says of every setting what README.md says", () => {
  const lines = readFileSync(join(ROOT, ".env.example"), "utf8").split("\n");
  const said = new Map(
    lines.map((line, at) => [/^# ([A-Z_]+)=/.exec(line)?.[1] ?? "", (lines[at - 1] ?? "").slice(2)]),
  );
  said.delete("");
  const rows = tableRows("README.md", /^`[A-Z]/);
  const expected = [...said.keys()].map((name) => {
    const [, unit, meaning = ""] = rows.get(name) ?? [];
    return [name, unit ? `${meaning} (${unit})` : meaning];
  });
  expect([...said]).toEqual(expected);
});

test("every setting is in .env.example", () => {
  const example = readFileSync(join(ROOT, ".env.example"), "utf8");
  const named = [...example.matchAll(/^#? ?([A-Z_]+)=/gm)].map((match) => match[1]);
  expect(named).toEqual(Object.keys(SETTINGS));
});

test("the compose file hands every setting on that the image does not set", () => {
  const dockerfile = readFileSync(join(ROOT, "Dockerfile"), "utf8");
  const inImage = new Set([...dockerfile.matchAll(/([A-Z_]+)=/g)].map((match) => match[1]));
  const compose = readFileSync(join(ROOT, "docker-compose.yml"), "utf8");
  const handedOn = [...compose.matchAll(/^ {6}([A-Z_]+):$/gm)].map((match) => match[1]);
  const secrets = Object.entries(SETTINGS).filter(([, row]) => "isSecret" in row && row.isSecret);
  // A file of accounts has a setting of its own.
  const files = secrets.map(([name]) => `${name}_FILE`).filter((name) => name !== "GPTOMNI_CREDENTIALS_FILE");
  const settings = Object.keys(SETTINGS).filter((name) => !inImage.has(name));
  expect(new Set(handedOn)).toEqual(new Set([...settings, ...files]));
});

describe("docs/clients.md", () => {
  const page = readFileSync(join(ROOT, "docs/clients.md"), "utf8");
  const example = { url: "http://127.0.0.1:8088", key: "sk-gateway-…", home: "~", project: "." };

  test.each(CLIENTS.map((client) => [title(client), client] as const))("has a row for %s", (_title, client) => {
    const version = client.packages[0]?.replace(/^.*@/, "");
    expect(page).toContain(`| ${client.name} | ${version} | ${client.variant} |`);
  });

  test.each(CLIENTS.map((client) => [title(client), client] as const))("shows the settings of %s", (_title, client) => {
    const section = page.split("### ").find((part) => part.startsWith(`${client.name}\n`)) ?? "";
    const { files = {}, environment = {}, commands = [] } = client.settings(example);
    const lines = Object.values(files).flatMap((text) => text.split("\n"));
    const wanted = [
      ...Object.keys(files).map((path) => path.replace("./", "")),
      ...lines.map((line) => line.trim().replace(/[,;]$/, "")),
      ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      ...commands.map((words) => words.join(" ")),
    ];
    expect(wanted.filter((line) => !section.includes(line))).toEqual([]);
  });
});

test("every error code is thrown somewhere", () => {
  const thrown = Object.keys(ERRORS).filter((code) => !sources().includes(`"${code}"`));
  expect(thrown).toEqual([]);
});

function sources(): string {
  return readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && path !== "errors.ts")
    .map((path) => readFileSync(join(ROOT, "src", path), "utf8"))
    .join("\n");
}

function codeBlocks(text: string): readonly string[] {
  return [...text.matchAll(/^```\w*\n[^]*?^```$/gm)].map(([block]) => block);
}

function unitsIn(file: string): readonly (readonly [string, string | undefined])[] {
  return [...tableRows(file, /^`[A-Z]/)].map(([name, [, unit]]) => [name, unit]);
}
