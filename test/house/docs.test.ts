import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { documents } from "../../scripts/docs/documents.ts";
import { SETTINGS } from "../../src/config/settings.ts";
import { ERRORS } from "../../src/errors.ts";
import { CLIENTS } from "../clients/catalog.ts";
import { title } from "../clients/client.ts";

const ROOT = join(import.meta.dirname, "../..");

test.each([...(await documents())])("%s is what `npm run docs` writes", (path, text) => {
  expect(readFileSync(join(ROOT, path), "utf8")).toBe(text);
});

test("the languages of the README show the same commands", () => {
  const [english = "", chinese = ""] = ["README.md", "README.zh-CN.md"].map((file) =>
    readFileSync(join(ROOT, file), "utf8").replaceAll(/ +# .*$/gm, ""),
  );
  expect(codeBlocks(chinese)).toEqual(codeBlocks(english));
});

test.each(["README.md", "README.zh-CN.md"])("%s links every guide in docs in its language", (file) => {
  const text = readFileSync(join(ROOT, file), "utf8");
  const guides = readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md"));
  const translated = guides.filter((name) => name.endsWith(".zh-CN.md"));
  const isChinese = file.endsWith(".zh-CN.md");
  const others = isChinese ? translated.map((name) => name.replace(".zh-CN", "")) : translated;
  const own = guides.filter((name) => !others.includes(name));
  expect(own.filter((name) => !text.includes(`](docs/${name})`))).toEqual([]);
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
