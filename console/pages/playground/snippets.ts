import { DIALECTS, type Asked, type DialectName } from "./dialects.ts";

export const SNIPPETS = { curl: "curl", python: "Python", typescript: "TypeScript" } as const;
export type SnippetName = keyof typeof SNIPPETS;

/** Read from the environment, so that a copied snippet holds no key. */
const KEY_VARIABLE = "GATEWAY_KEY";

/** The same request for a terminal or a program. */
export function snippet(kind: SnippetName, dialect: DialectName, asked: Asked): string {
  const base = window.location.origin;
  if (kind === "curl") return curl(base, dialect, asked);
  return kind === "python" ? python(base, dialect, asked) : typescript(base, dialect, asked);
}

function curl(base: string, dialect: DialectName, asked: Asked): string {
  const { path, bodyOf } = DIALECTS[dialect];
  const body = JSON.stringify(bodyOf(asked), null, 2).replaceAll("'", String.raw`'\''`);
  return [
    `curl -N ${base}${path} \\`,
    `  -H "Authorization: Bearer $${KEY_VARIABLE}" \\`,
    "  -H 'Content-Type: application/json' \\",
    `  -d '${body}'`,
  ].join("\n");
}

function python(base: string, dialect: DialectName, asked: Asked): string {
  const given = argumentsOf(dialect, asked, (name, value) => `    ${name}=${pythonValue(value)},`);
  const isAnthropic = dialect === "messages";
  const client = isAnthropic ? "Anthropic" : "OpenAI";
  const address = isAnthropic ? base : `${base}/v1`;
  const lines = {
    chat: [
      `for chunk in client.chat.completions.create(\n    stream=True,\n${given}\n):`,
      '    print(chunk.choices[0].delta.content or "", end="")',
    ],
    responses: [
      `for event in client.responses.create(\n    stream=True,\n${given}\n):`,
      '    if event.type == "response.output_text.delta":\n        print(event.delta, end="")',
    ],
    messages: [
      `with client.messages.stream(\n${given}\n) as stream:`,
      '    for text in stream.text_stream:\n        print(text, end="")',
    ],
  };
  return [
    "import os",
    `from ${client.toLowerCase()} import ${client}`,
    "",
    `client = ${client}(base_url="${address}", api_key=os.environ["${KEY_VARIABLE}"])`,
    ...lines[dialect],
  ].join("\n");
}

function typescript(base: string, dialect: DialectName, asked: Asked): string {
  const given = argumentsOf(dialect, asked, (name, value) => `  ${name}: ${JSON.stringify(value)},`);
  const isAnthropic = dialect === "messages";
  const [name, from] = isAnthropic ? ["Anthropic", "@anthropic-ai/sdk"] : ["OpenAI", "openai"];
  const address = isAnthropic ? base : `${base}/v1`;
  const lines = {
    chat: [
      `const stream = await client.chat.completions.create({\n  stream: true,\n${given}\n});`,
      'for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? "");',
    ],
    responses: [
      `const stream = await client.responses.create({\n  stream: true,\n${given}\n});`,
      'for await (const event of stream) {\n  if (event.type === "response.output_text.delta") process.stdout.write(event.delta);\n}',
    ],
    messages: [
      `const stream = client.messages.stream({\n${given}\n});`,
      'stream.on("text", (text) => process.stdout.write(text));',
    ],
  };
  return [
    `import ${name} from "${from}";`,
    "",
    `const client = new ${name}({ baseURL: "${address}", apiKey: process.env.${KEY_VARIABLE} });`,
    ...lines[dialect],
  ].join("\n");
}

function argumentsOf(dialect: DialectName, asked: Asked, line: (name: string, value: unknown) => string): string {
  const { stream: _, ...given } = DIALECTS[dialect].bodyOf(asked);
  return Object.entries(given)
    .map(([name, value]) => line(name, value))
    .join("\n");
}

/** These values hold no booleans and no null, so JSON is Python too. */
function pythonValue(value: unknown): string {
  return JSON.stringify(value);
}
