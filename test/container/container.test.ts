import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { LiveViewer } from "../support/live-viewer.ts";
import { ask, buildImage, composeWith, engine, expectAnswer, IMAGE, untilReady } from "./engine.ts";

/** The image and the compose file, built and run for real; `npm run test:container` needs an engine. */
const STOP_LIMIT_MS = 10_000;

const compose = composeWith("compose.yml", { NGINX_PORT: "18089", CONSOLE_PORT: "18090" });

/** When each piece of a slow answer came, in milliseconds since the first. */
async function arrivals(baseUrl: string): Promise<number[]> {
  const content = '@sim {"chunks":6,"chunkDelayMs":200,"chunkText":"tick "}';
  const response = await ask(baseUrl, { stream: true, messages: [{ role: "user", content }] });
  const times: number[] = [];
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    if (decoder.decode(bytes).includes("tick")) times.push(performance.now());
  }
  return times.map((time) => time - (times[0] ?? 0));
}

beforeAll(buildImage);

describe("docker run", () => {
  const name = `gptomni-test-${process.pid}`;
  const baseUrl = "http://127.0.0.1:18088";
  beforeAll(async () => {
    const port = ["-p", "127.0.0.1:18088:8088"];
    const profile = ["--security-opt", "seccomp=docker/seccomp.json"];
    await engine(
      "run",
      "-d",
      "--name",
      name,
      "--shm-size=1g",
      ...profile,
      ...port,
      "-e",
      "API_MASTER_KEY",
      IMAGE,
      "demo",
    );
    await untilReady(baseUrl);
  });
  afterAll(async () => {
    await engine("rm", "-f", name);
  });

  test("answers", async () => {
    const response = await ask(baseUrl, { messages: [{ role: "user", content: "Hello from outside" }] });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain("You said: Hello from outside");
  });

  test("runs as a user of its own, with Chromium's sandbox on", async () => {
    expect(await engine("exec", name, "id", "-u")).toBe("10001");
    const script = `for (const pid of fs.readdirSync("/proc").filter((name) => +name > 0 && +name !== process.pid)) {
      const args = fs.readFileSync("/proc/" + pid + "/cmdline", "utf8");
      if (!args.includes("--type=renderer")) continue;
      const status = fs.readFileSync("/proc/" + pid + "/status", "utf8");
      const namespaces = status.match(/^NSpid:(.*)$/m)[1].trim().split(/\\s+/).length;
      console.log(namespaces, /--no-sandbox/.test(args));
    }`;
    const renderers = (await engine("exec", name, "node", "-e", script)).split("\n");
    expect(renderers.length).toBeGreaterThan(0);
    // A process id in a namespace of its own besides the container's.
    for (const line of renderers) expect(line).toMatch(/^([2-9]) false$/);
  });

  test("starts its display again when it dies", async () => {
    const script = `for (const pid of fs.readdirSync("/proc").filter((name) => +name > 0)) {
      if (fs.readFileSync("/proc/" + pid + "/cmdline", "utf8").startsWith("Xvfb")) process.kill(pid, "SIGKILL");
    }`;
    await engine("exec", name, "node", "-e", script);
    await vi.waitFor(() => expectAnswer(baseUrl), { timeout: 60_000, interval: 500 });
    expect((await ask(baseUrl, { messages: [{ role: "user", content: "And again" }] })).status).toBe(200);
  });

  test("carries no secret file and no test", async () => {
    const files = await engine("exec", name, "ls", "-A", "/app");
    expect(files.split("\n").toSorted()).toEqual([
      "console",
      "node_modules",
      "package-lock.json",
      "package.json",
      "src",
    ]);
  });

  test("stops by itself when it is told to", async () => {
    const startedAt = performance.now();
    await engine("stop", "-t", "30", name);
    expect(performance.now() - startedAt).toBeLessThan(STOP_LIMIT_MS);
    expect(await engine("inspect", "--format", "{{.State.ExitCode}}", name)).toBe("0");
  });
});

describe("docker compose", () => {
  const baseUrl = "http://127.0.0.1:18089";
  const consoleUrl = "http://127.0.0.1:18090";
  beforeAll(async () => {
    await compose("up", "-d", "--no-build");
    await untilReady(baseUrl);
  });
  afterAll(async () => {
    await compose("down", "-v", "-t", "10");
  });

  test("answers through nginx", async () => {
    const response = await ask(baseUrl, { messages: [{ role: "user", content: "Hello through nginx" }] });
    expect(response.headers.get("server")).toContain("nginx");
    expect(await response.text()).toContain("You said: Hello through nginx");
  });

  test("streams through nginx piece by piece", async () => {
    const times = await arrivals(baseUrl);
    expect(times.length).toBeGreaterThanOrEqual(5);
    expect(times.at(-1)).toBeGreaterThan(600);
  });

  test.each([
    "/metrics",
    "/admin/api/accounts",
    "/admin",
    "/console",
    "/console/",
    "/%6detrics",
    "//metrics",
    "/v1/metrics",
  ])("nginx does not pass %s on", async (path) => {
    const response = await fetch(baseUrl + path);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: "unknown_url" } });
  });

  test("nginx passes the console on at a port of its own", async () => {
    const page = await fetch(`${consoleUrl}/console/`);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("<script")]);
    const refused = await fetch(`${consoleUrl}/admin/api/overview`);
    expect(refused.status).toBe(401);
  });

  test("the live view shows an account's page through nginx", async () => {
    using viewer = await LiveViewer.open(consoleUrl, "accounts/alice/live-view");
    await expect.poll(() => viewer.frames.length).toBeGreaterThan(0);
  });

  test("the gateway has no rights, no writable root and bounds", async () => {
    const script = String.raw`const own = fs.readdirSync("/proc").find((pid) => {
        return +pid > 0 && fs.readFileSync("/proc/" + pid + "/cmdline", "utf8").includes("src/cli.ts");
      });
      const status = fs.readFileSync("/proc/" + own + "/status", "utf8");
      const limits = fs.readFileSync("/proc/" + own + "/limits", "utf8");
      let isReadOnly = false;
      try { fs.writeFileSync("/app/x", ""); } catch (cause) { isReadOnly = cause.code === "EROFS"; }
      console.log(JSON.stringify({
        isReadOnly,
        capabilities: /CapBnd:\s*(\w+)/.exec(status)[1],
        noNewPrivileges: /NoNewPrivs:\s*(\d)/.exec(status)[1],
        core: /Max core file size +(\w+)/.exec(limits)[1],
      }));`;
    const told: unknown = JSON.parse(await compose("exec", "-T", "gateway", "node", "-e", script));
    expect(told).toEqual({ isReadOnly: true, capabilities: "0000000000000000", noNewPrivileges: "1", core: "0" });
  });

  test("nginx finds a gateway that was made anew at another address", async () => {
    await compose("up", "-d", "--no-build", "--no-deps", "--force-recreate", "gateway");
    await untilReady(baseUrl);
    const response = await ask(baseUrl, { messages: [{ role: "user", content: "Hello again" }] });
    expect(await response.text()).toContain("You said: Hello again");
  });

  test("a body that nginx refuses is refused in OpenAI's shape", async () => {
    const response = await ask(baseUrl, { messages: [{ role: "user", content: "x".repeat(9_000_000) }] });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ error: { code: "request_too_large" } });
  });
});
