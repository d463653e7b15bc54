/**
 * What runs in the docs page. Only the functions' source text is sent there, so they import nothing and close over
 * nothing but one another; nothing from the description or an answer becomes markup.
 */

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly description?: string;
}

interface Content {
  readonly "application/json"?: { readonly schema: Schema; readonly example?: unknown };
}

interface Described {
  readonly tags: readonly string[];
  readonly summary: string;
  readonly security?: readonly unknown[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}

interface Description {
  readonly info: { readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
}

interface NamedOperation extends Described {
  readonly method: string;
  readonly path: string;
}

async function startPage(): Promise<void> {
  const description = (await (await fetch("openapi.json")).json()) as Description;
  const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, path, method: method.toUpperCase() })),
  );
  byId("version").textContent = description.info.version;
  byId("about").append(...words(description.info.description));
  const resolve = (schema: Schema): Schema => resolved(description, schema);
  for (const tag of description.tags) {
    const tagged = operations.filter(({ tags }) => tags.includes(tag.name));
    if (tagged.length === 0) continue;
    byId("operations").append(
      make("h2", {}, tag.name),
      make("p", { className: "faint" }, tag.description),
      ...tagged.map((operation) => shown(operation, resolve)),
    );
  }
  offerTrying(operations);
}

function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}.`);
  return found;
}

function make(name: string, properties: object, ...children: readonly (Node | string)[]): HTMLElement {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

/** Text with its `code` marked. */
function words(text: string): (Node | string)[] {
  return text.split("`").map((piece, index) => (index % 2 === 0 ? piece : make("code", {}, piece)));
}

function resolved(description: Description, schema: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  const steps = schema.$ref.split("/").slice(1);
  return steps.reduce<unknown>((place, step) => (place as Record<string, unknown>)[step], description) as Schema;
}

/** An operation: its parameters, and how it can fail. */
function shown(operation: NamedOperation, resolve: (schema: Schema) => Schema): HTMLElement {
  const { method, path, summary, requestBody, responses } = operation;
  const schema = requestBody?.content["application/json"]?.schema;
  const { properties = {}, required = [] } = schema ? resolve(schema) : {};
  const parameters = Object.entries(properties).map(([name, property]) => {
    const need = required.includes(name) ? make("span", { className: "faint" }, " required") : "";
    return [make("span", {}, make("code", {}, name), need), typeOf(property, resolve), property.description ?? ""];
  });
  const answers = Object.entries(responses).map(([status, { description }]) => [
    make("span", { className: status.startsWith("2") ? "good" : "bad" }, status),
    make("span", {}, ...words(description)),
  ]);
  return make(
    "details",
    {},
    make(
      "summary",
      {},
      make("span", { className: "method" }, method),
      make("span", { className: "path" }, path),
      make("span", { className: "faint" }, ` ${summary}${keyOf(operation)}`),
    ),
    ...(parameters.length > 0 ? [table(["Parameter", "Type", ""], parameters)] : []),
    table(["Status", "Meaning"], answers),
  );
}

/** A caller's key goes without saying. */
function keyOf({ security }: Described): string {
  if (!security) return "";
  return security.length === 0 ? ", without a key" : ", with the operator's key";
}

function table(heads: readonly string[], rows: readonly (readonly (Node | string)[])[]): HTMLElement {
  const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
  const lines = rows.map((cells) => make("tr", {}, ...cells.map((cell) => make("td", {}, cell))));
  return make("div", { className: "table" }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...lines)));
}

/** In a few words: `string, null`, `list of object`, `"a" or "b"`. */
function typeOf(schema: Schema, resolve: (schema: Schema) => Schema): string {
  const plain = resolve(schema);
  const variants = plain.anyOf ?? plain.oneOf;
  if (variants) return [...new Set(variants.map((variant) => typeOf(variant, resolve)))].join(", ");
  if (plain.enum) return plain.enum.map((value) => JSON.stringify(value)).join(" or ");
  if (plain.const !== undefined) return JSON.stringify(plain.const);
  if (plain.type === "array" && plain.items) return `list of ${typeOf(plain.items, resolve)}`;
  return [plain.type ?? "anything"].flat().join(", ");
}

/** The form: an operation's example in, its answer out. */
function offerTrying(operations: readonly NamedOperation[]): void {
  const choice = byId("operation") as HTMLSelectElement;
  choice.append(...operations.map(({ method, path }) => make("option", {}, `${method} ${path}`)));
  (byId("base") as HTMLInputElement).value = new URL(".", location.href).href.replace(/\/$/, "");
  const choose = (): void => {
    const operation = operations[choice.selectedIndex];
    const example = operation?.requestBody?.content["application/json"]?.example;
    (byId("path") as HTMLInputElement).value = operation?.path ?? "/";
    (byId("body") as HTMLTextAreaElement).value = example === undefined ? "" : JSON.stringify(example, null, 2);
    byId("body-label").hidden = operation?.method !== "POST";
  };
  choice.addEventListener("change", choose);
  choose();
  let running = new AbortController();
  const setRunning = (isRunning: boolean): void => {
    (byId("send") as HTMLButtonElement).disabled = isRunning;
    (byId("stop") as HTMLButtonElement).disabled = !isRunning;
  };
  byId("stop").addEventListener("click", () => running.abort());
  byId("send").addEventListener("click", () => {
    running = new AbortController();
    setRunning(true);
    const method = operations[choice.selectedIndex]?.method ?? "GET";
    void tryOut(method, running.signal).finally(() => setRunning(false));
  });
}

async function tryOut(method: string, signal: AbortSignal): Promise<void> {
  const [base, path, key, body] = ["base", "path", "key", "body"].map((id) => (byId(id) as HTMLInputElement).value);
  const startedMs = performance.now();
  const tell = (text: string, className: string): void => {
    Object.assign(byId("status"), { textContent: text, className });
  };
  byId("answer").textContent = "";
  byId("raw").textContent = "";
  tell("Waiting …", "faint");
  try {
    const response = await fetch(`${(base ?? "").replace(/\/+$/, "")}${path ?? ""}`, {
      method,
      headers: { ...(key && { authorization: `Bearer ${key}` }), "content-type": "application/json" },
      ...(method === "POST" && { body: body ?? "" }),
      signal,
    });
    const about = (): string => {
      const tookSeconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      return [response.status, `${tookSeconds} s`, response.headers.get("x-request-id")].filter(Boolean).join(" · ");
    };
    const className = response.ok ? "good" : "bad";
    tell(about(), className);
    await readAnswer(response);
    tell(about(), className);
  } catch (cause) {
    tell(signal.aborted ? "Stopped." : `No answer: ${String(cause)}. Only this gateway itself can be asked.`, "bad");
  }
}

/** Shows an answer while it comes. */
async function readAnswer(response: Response): Promise<void> {
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
  const decoder = new TextDecoder();
  let pending = "";
  for await (const bytes of response.body ?? []) {
    const text = decoder.decode(bytes, { stream: true });
    byId("raw").append(text);
    pending += text;
    if (!isStream) continue;
    const lines = pending.split("\n");
    pending = lines.pop() ?? "";
    for (const line of lines) if (line.startsWith("data: {")) byId("answer").append(deltaOf(JSON.parse(line.slice(6))));
  }
  if (isStream) return;
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
  byId("answer").textContent = isJson ? JSON.stringify(JSON.parse(pending), null, 2) : pending.slice(0, 10_000);
}

/** What an event of any dialect adds to the text. */
function deltaOf(event: {
  readonly choices?: readonly { readonly text?: string; readonly delta?: { readonly content?: string | null } }[];
  readonly delta?: string | { readonly text?: string };
  readonly error?: { readonly message?: string };
}): string {
  if (event.error) return `\n${event.error.message ?? "It failed."}`;
  if (event.choices) return event.choices.map(({ text, delta }) => text ?? delta?.content ?? "").join("");
  if (typeof event.delta === "string") return event.delta;
  return event.delta?.text ?? "";
}

const FUNCTIONS = [
  startPage,
  byId,
  make,
  words,
  resolved,
  shown,
  keyOf,
  table,
  typeOf,
  offerTrying,
  tryOut,
  readAnswer,
  deltaOf,
];

export const DOCS_SCRIPT = `${FUNCTIONS.map(String).join("\n\n")}\n\nvoid startPage();\n`;
