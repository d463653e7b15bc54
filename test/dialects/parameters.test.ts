import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { MESSAGE_EMULATED, MESSAGE_IGNORED, messageBody } from "../../src/dialects/anthropic/schema.ts";
import { ERRORS } from "../../src/errors.ts";
import {
  COMPLETION_EMULATED,
  COMPLETION_IGNORED,
  completionBody,
} from "../../src/dialects/openai/completions/schema.ts";
import { RESPONSE_EMULATED, RESPONSE_IGNORED, responseBody } from "../../src/dialects/openai/responses/schema.ts";
import { says, serve } from "../support/scripted-gateway.ts";
import { chatCompletionBody, EMULATED_PARAMS, IGNORED_PARAMS } from "../../src/dialects/openai/chat/schema.ts";

interface Row {
  readonly name: string;
  readonly fate: string;
  readonly more: string;
}

const TEXT = readFileSync(new URL("../../docs/parameters.md", import.meta.url), "utf8");
const FATES: ReadonlySet<string> = new Set(["honoured", "emulated", "ignored", "refused"]);
const ENDPOINTS = [
  {
    path: "/v1/chat/completions",
    known: Object.keys(chatCompletionBody.shape),
    emulated: EMULATED_PARAMS,
    ignored: IGNORED_PARAMS,
  },
  {
    path: "/v1/completions",
    known: Object.keys(completionBody.shape),
    emulated: COMPLETION_EMULATED,
    ignored: COMPLETION_IGNORED,
  },
  {
    path: "/v1/responses",
    known: Object.keys(responseBody.shape),
    emulated: RESPONSE_EMULATED,
    ignored: RESPONSE_IGNORED,
  },
  {
    path: "/v1/messages",
    known: Object.keys(messageBody.shape),
    emulated: MESSAGE_EMULATED,
    ignored: MESSAGE_IGNORED,
  },
];

function rowsOf(path: string): Row[] {
  const [, section = ""] = TEXT.split(new RegExp(`^## POST ${path}$`, "m"));
  const [own = ""] = section.split(/^## /m);
  return [...own.matchAll(/^\| `(\w+)` \| (\w+) \| (.*)\|$/gm)].map(([, name = "", fate = "", more = ""]) => {
    return { name, fate, more };
  });
}

describe.each(ENDPOINTS)("the table of $path", ({ path, known, emulated, ignored }) => {
  const rows = rowsOf(path);
  const namesThatAre = (fate: string) => rows.filter((row) => row.fate === fate).map(({ name }) => name);

  test("names every parameter once, and none that is not looked at", () => {
    expect(rows.map(({ name }) => name).toSorted()).toEqual(known.toSorted());
  });

  test("says truly which are emulated and which are ignored", () => {
    expect(namesThatAre("emulated").toSorted()).toEqual([...emulated].toSorted());
    expect(namesThatAre("ignored").toSorted()).toEqual([...ignored].toSorted());
    expect(rows.filter(({ fate }) => !FATES.has(fate))).toEqual([]);
  });

  test("gives a code to each that is refused", () => {
    const codeless = rows
      .filter(({ fate }) => fate === "refused")
      .filter(({ more }) => ![...more.matchAll(/`(\w+)`/g)].some(([, code = ""]) => Object.hasOwn(ERRORS, code)));
    expect(codeless).toEqual([]);
  });
});

test("there is a table for each endpoint that takes parameters, and for no other", async () => {
  const { url } = await serve(says("Hello"));
  const { routes } = (await (await fetch(url)).json()) as { routes: string[] };
  const asking = routes.filter((route) => /^POST \/v1\/(?!messages\/count_tokens)/.test(route));
  expect(ENDPOINTS.map(({ path }) => `POST ${path}`)).toEqual(asking);
  const described = [...TEXT.matchAll(/^## POST (\S+)$/gm)].map(([, path]) => path);
  expect(described).toEqual(ENDPOINTS.map(({ path }) => path));
});
