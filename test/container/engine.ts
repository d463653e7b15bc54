import { execFile, execFileSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, vi } from "vitest";
import { ADMIN_KEY } from "../support/api-key.ts";

/**
 * A Docker engine, or Podman with Docker Compose. CONTAINER_BUILD_ARGS is added to the build, for a network that needs a
 * proxy's certificate.
 */
const ROOT = join(import.meta.dirname, "../..");
export const IMAGE = "gptomni-gateway";
export const API_KEY = "sk-container-0a1b2c3d4e5f60718293a4b5c6d7e8f9";
const ENGINE = isOnPath("podman") ? "podman" : "docker";
const COMPOSE = isOnPath("docker-compose") ? ["docker-compose"] : ["docker", "compose"];
// docker-compose sends the profile's text along, where Podman expects a path; `docker run` tries the profile.
// Podman's own image format has no health check.
const ENGINE_SETTINGS = ENGINE === "podman" ? { SECCOMP_PROFILE: "unconfined", BUILDAH_FORMAT: "docker" } : {};

/** The image is built within it. */
const COMMAND_LIMIT_MS = 900_000;

type Variables = Readonly<Record<string, string>>;

function isOnPath(command: string): boolean {
  try {
    execFileSync("which", [command], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** What the command prints. */
async function run(command: string, args: readonly string[], variables: Variables = {}): Promise<string> {
  const env = { ...process.env, ...ENGINE_SETTINGS, API_MASTER_KEY: API_KEY, ADMIN_KEY, ...variables };
  const limits = { timeout: COMMAND_LIMIT_MS, maxBuffer: 64 * 1024 * 1024 };
  const { stdout } = await promisify(execFile)(command, args, { cwd: ROOT, env, ...limits });
  return stdout.trim();
}

export function engine(...args: string[]): Promise<string> {
  return run(ENGINE, args);
}

/** Docker Compose with the project's file and another one of this folder. */
export function composeWith(file: string, variables: Variables): (...args: string[]) => Promise<string> {
  const [command = "", ...rest] = COMPOSE;
  const files = ["-f", "docker-compose.yml", "-f", `test/container/${file}`];
  return (...args) => run(command, [...rest, ...files, ...args], variables);
}

export async function buildImage(): Promise<void> {
  const extra = (process.env["CONTAINER_BUILD_ARGS"] ?? "").split(" ").filter((arg) => arg !== "");
  await engine("build", ...extra, "-t", IMAGE, ".");
}

export function ask(baseUrl: string, body: object): Promise<Response> {
  return fetch(`${baseUrl}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${API_KEY}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "gptomni", ...body }),
  });
}

/** The answer's text is right. */
export async function expectAnswer(baseUrl: string): Promise<Response> {
  const response = await ask(baseUrl, { messages: [{ role: "user", content: "Hello again" }] });
  expect([response.status, await response.text()]).toEqual([200, expect.stringContaining("You said: Hello again")]);
  return response;
}

export async function untilReady(baseUrl: string): Promise<void> {
  const check = async (): Promise<void> => expect((await fetch(`${baseUrl}/readyz`)).status).toBe(200);
  await vi.waitFor(check, { timeout: 120_000, interval: 200 });
}
