import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { RECORDING_FILE, type Line } from "./recording.ts";

/**
 * `npm run docs:record`: starts the demo, runs the curl command that the demo prints, and keeps what both wrote and when.
 * `npm run docs` draws it. The keys are the demo's own and die with it; they are shortened all the same.
 */
const lines: Line[] = [];
const startedMs = performance.now();

function note(kind: Line["kind"], text: string): void {
  const shown = text.replaceAll(/\bsk-(gateway|admin)-[\w-]+/g, "sk-$1-…");
  lines.push({ atMs: Math.round(performance.now() - startedMs), kind, text: shown });
}

note("command", "npm run demo");
const demo = spawn("npm", ["run", "demo"], {
  // npm's own two lines are left out.
  env: { ...process.env, npm_config_loglevel: "silent" },
  stdio: ["ignore", "pipe", "inherit"],
});
const curl: string[] = [];
for await (const line of createInterface({ input: demo.stdout })) {
  note("output", line);
  if (line.includes("curl -N") || curl.at(-1)?.endsWith("\\")) curl.push(line);
  if (line.includes("Ctrl-C")) break;
}
note("command", curl.map((line) => line.trim()).join("\n  "));
const answer = spawn("sh", ["-c", curl.join("\n")], { stdio: ["ignore", "pipe", "ignore"] });
for await (const line of createInterface({ input: answer.stdout })) if (line !== "") note("output", line);
const ended = once(demo, "exit");
demo.kill("SIGTERM");
await ended;
await writeFile(RECORDING_FILE, `${JSON.stringify(lines, undefined, 2)}\n`);
