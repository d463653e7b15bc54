import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Simulator } from "../../src/simulator/simulator.ts";
import { freePort } from "../support/free-port.ts";
import { Command } from "../support/command.ts";

const KEY = "sk-test-0123456789abcdef0123456789abcdef";
/** Several starts of a gateway with its browser. */
const LIMIT_MS = 180_000;
const CLI = join(import.meta.dirname, "../../src/cli.ts");

interface Place extends AsyncDisposable {
  readonly site: Simulator;
  /** The file of accounts. */
  readonly file: string;
  run(command: "serve" | "doctor", env?: Readonly<Record<string, string>>): Promise<Command>;
}

/** A site whose tokens hold once, a file of accounts and a folder for the state. */
async function openPlace(): Promise<Place> {
  const site = await Simulator.start({ rotateEveryReplies: 1, replacedTokensInForce: 0 });
  const folder = await mkdtemp(join(tmpdir(), "gptomni-accounts-"));
  const file = join(folder, "accounts.json");
  const settings = {
    GPTOMNI_ORIGIN: site.origin,
    BROWSER_ARGS: site.browserArgs,
    CREDENTIALS_FILE: file,
    GPTOMNI_CREDENTIALS: "",
    STATE_DIR: join(folder, "state"),
    API_MASTER_KEY: KEY,
    RATE_LIMIT: "off",
    PORT: String(await freePort()),
  };
  return {
    site,
    file,
    run: (command, env = {}) => Command.run(["node", CLI, command], { ...settings, ...env }, folder),
    [Symbol.asyncDispose]: async () => {
      await site[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function ask(gateway: Command): Promise<number> {
  const [, url = ""] = await gateway.says(/"url":"([^"]+)"/);
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "gptomni", messages: [{ role: "user", content: "hello" }] }),
  });
  await response.text();
  return response.status;
}

test(
  "the doctor before, beside and after a gateway costs no token, even one that was killed",
  async () => {
    await using place = await openPlace();
    await writeFile(place.file, JSON.stringify([{ id: "alice", cookie: place.site.addAccount("alice") }]));
    await using before = await place.run("doctor");
    expect(await before.ended()).toBe(0);
    expect(before.output).toMatch(/^ok {4}account alice: signed in/m);
    await using gateway = await place.run("serve", { LOG_LEVEL: "debug" });
    expect(await ask(gateway)).toBe(200);
    await using beside = await place.run("doctor");
    expect(await beside.ended()).toBe(0);
    expect(beside.output).toMatch(/^note {2}a gateway runs with this STATE_DIR: it was asked/m);
    expect(beside.output).toMatch(/^ok {4}account alice: (?:ready|rate_limited|idle|busy)/m);
    // Another port, as in another container: it cannot be asked.
    await using elsewhere = await place.run("doctor", { PORT: String(await freePort()) });
    expect(await elsewhere.ended()).toBe(0);
    expect(elsewhere.output).toMatch(/^note {2}a gateway runs with this STATE_DIR, so no account is tried/m);
    expect(await ask(gateway)).toBe(200);
    await gateway.says(/(?:"state":"busy"[\s\S]+"state":"ready"[\s\S]+){2}/);
    gateway.signal("SIGKILL");
    await gateway.ended();
    await using after = await place.run("doctor");
    expect(await after.ended()).toBe(0);
    await using next = await place.run("serve");
    expect(await ask(next)).toBe(200);
    next.signal("SIGTERM");
    await next.ended();
  },
  LIMIT_MS,
);

test(
  "a file that is read in the middle of a save changes nothing, and a start without it costs no token",
  async () => {
    await using place = await openPlace();
    const list = JSON.stringify([place.site.addAccount("alice"), place.site.addAccount("bob")]);
    await writeFile(place.file, list);
    await using gateway = await place.run("serve");
    await gateway.says(/"session open"[\s\S]+"session open"/);
    expect(await ask(gateway)).toBe(200);
    const refusals = (): number => gateway.output.split("accounts not reloaded").length - 1;
    for (const [count, text] of ["", " \n", "\0\0\0\0", list.slice(0, 40)].entries()) {
      await writeFile(place.file, text);
      await expect.poll(refusals).toBe(count + 1);
      expect(await ask(gateway)).toBe(200);
    }
    await writeFile(place.file, "[]");
    await gateway.says(/account removed[\s\S]+account removed[\s\S]+"accounts":0/);
    await writeFile(place.file, list);
    await gateway.says(/"accounts":2[^\n]+accounts reloaded/);
    for (const _ of [1, 2]) expect(await ask(gateway)).toBe(200);
    gateway.signal("SIGTERM");
    await gateway.ended();
    await using forgotten = await place.run("serve", { CREDENTIALS_FILE: "" });
    await forgotten.says(/only accounts that the console added can answer/);
    forgotten.signal("SIGTERM");
    await forgotten.ended();
    await using next = await place.run("serve");
    for (const _ of [1, 2]) expect(await ask(next)).toBe(200);
    expect(next.output + gateway.output).not.toContain("signed out");
    next.signal("SIGTERM");
    await next.ended();
  },
  LIMIT_MS,
);

test(
  "one account twice is refused by name, and leaves the list in force",
  async () => {
    await using place = await openPlace();
    const cookie = place.site.addAccount("alice");
    await writeFile(place.file, JSON.stringify([{ id: "work", cookie }]));
    await using gateway = await place.run("serve");
    await gateway.says(/"session open"/);
    await writeFile(place.file, JSON.stringify([{ id: "work", cookie }, `Cookie: ${cookie}`]));
    await gateway.says(
      /items 1 \(work\) and 2 \(account-[\da-z]{8}\) have the same sign-in[^\n]+accounts not reloaded/,
    );
    expect(await ask(gateway)).toBe(200);
    gateway.signal("SIGTERM");
    await gateway.ended();
  },
  LIMIT_MS,
);

test(
  "an .env that is read in the middle of a save changes nothing, and a reload names settings that need a restart",
  async () => {
    await using place = await openPlace();
    const env = join(place.file, "../.env");
    const line = `GPTOMNI_CREDENTIALS='${JSON.stringify([place.site.addAccount("alice")])}'\n`;
    await writeFile(env, line, { mode: 0o644 });
    await using gateway = await place.run("serve", { CREDENTIALS_FILE: "", GPTOMNI_CREDENTIALS: "" });
    await gateway.says(/\.env holds secrets and can be read by others: chmod 600 \S*\.env[\s\S]+"listening"/);
    const refusals = (): number => gateway.output.split("accounts not reloaded").length - 1;
    for (const [count, text] of ["", "# nothing yet\n", line.slice(0, 60)].entries()) {
      await writeFile(env, text);
      gateway.signal("SIGHUP");
      await expect.poll(refusals).toBe(count + 1);
      expect(await ask(gateway)).toBe(200);
    }
    await writeFile(env, line);
    gateway.signal("SIGHUP");
    await gateway.says(/accounts reloaded/);
    expect(await ask(gateway)).toBe(200);
    expect(gateway.output).not.toContain("after a restart");
    await writeFile(env, `${line}PROBE_AFTER_SECONDS=500\nMAX_CHOICES=2\n`);
    gateway.signal("SIGHUP");
    await gateway.says(/"settings":\["PROBE_AFTER_SECONDS","MAX_CHOICES"\][^\n]+take effect after a restart/);
    gateway.signal("SIGTERM");
    await gateway.ended();
  },
  LIMIT_MS,
);
