import fc from "fast-check";
import { expect, test } from "vitest";
import { BrowserFleet } from "../../src/browser/browser-fleet.ts";
import { LocalBrowsers } from "../../src/browser/local.ts";
import { Session } from "../../src/browser/session.ts";
import { AuthCookies } from "../../src/browser/auth-cookies.ts";
import { GatewayError } from "../../src/errors.ts";
import { createLog, Redaction } from "../../src/observe/log.ts";
import { Simulator } from "../../src/simulator/simulator.ts";
import { gptomni } from "../../src/sites/gptomni.ts";
import { Elsewhere, HIJACKED } from "../support/elsewhere.ts";

const PATIENT = new AbortController().signal;
const BROWSER_PATH = process.env["BROWSER_PATH"] ?? "/usr/bin/chromium";
const SEED = Number(process.env["ELSEWHERE_SEED"] ?? Date.now() % 1_000_000);
const RUNS = Number(process.env["ELSEWHERE_RUNS"] ?? 12);
const SEQUENCE_LIMIT = 8;

/** What can happen to a page: by its own script, by its site, and by the gateway. */
const STEPS = [
  "request",
  "request while it leaves",
  "leave",
  "leave for a page of the site",
  "leave for nowhere",
  "point elsewhere",
  "site redirects",
  "site stays",
  "sleep",
  "wake",
  "recycle",
  "rebuild",
] as const;
type Step = (typeof STEPS)[number];

/** One account's session, and the other server. */
class Scene implements AsyncDisposable {
  readonly site: Simulator;
  readonly elsewhere: Elsewhere;
  readonly #fleet: BrowserFleet;
  readonly #session: Session;
  readonly #stack: AsyncDisposableStack;
  readonly answers: string[] = [];
  #prompts = 0;

  private constructor(site: Simulator, elsewhere: Elsewhere, stack: AsyncDisposableStack) {
    this.site = site;
    this.elsewhere = elsewhere;
    const log = createLog({ level: "silent", format: "json", redaction: new Redaction() });
    const browser = { browserPath: BROWSER_PATH, browserMode: "headless", stealth: true } as const;
    const browserArgs = [`${site.browserArgs},${elsewhere.spkiHash}`];
    const provider = new LocalBrowsers({ ...browser, browserArgs });
    this.#fleet = stack.use(new BrowserFleet(provider, { accountsPerBrowser: 1, maxOpenSessions: 1 }, log));
    const chat = gptomni(new URL(site.origin));
    const limits = { maxReplyBytes: 1_000_000, renewAfterRequests: 1_000, challengeTimeoutMs: 5_000 };
    const signIn = new AuthCookies(chat, site.addAccount("alice"));
    this.#session = stack.use(new Session(this.#fleet.assign(), signIn, { ...limits, site: chat }));
    this.#stack = stack;
  }

  static async open(): Promise<Scene> {
    await using stack = new AsyncDisposableStack();
    const elsewhere = stack.use(await Elsewhere.start());
    const site = stack.use(await Simulator.start({ chunkDelayMs: 1 }));
    return new Scene(site, elsewhere, stack.move());
  }

  /** What a step fails with is an account's failure; what it is asserted by is the other server's notes. */
  async take(step: Step): Promise<void> {
    const { origin } = this.elsewhere;
    const script = (code: string): Promise<void> => this.#runInPage(code);
    const steps: Readonly<Record<Step, () => Promise<unknown>>> = {
      request: () => this.request(),
      "request while it leaves": () => Promise.all([script(`location.href = "${origin}/"`), this.request()]),
      leave: () => script(`location.href = "${origin}/"`),
      "leave for a page of the site": () => script(`location.href = "/zh?again"`),
      "leave for nowhere": () => script(`location.href = "about:blank"`),
      "point elsewhere": () =>
        script(`document.head.append(Object.assign(document.createElement("base"), { href: "${origin}/" }))`),
      "site redirects": async () => this.site.pages.set("/zh", { status: 302, headers: { location: `${origin}/zh` } }),
      "site stays": async () => this.site.pages.delete("/zh"),
      sleep: () => this.#session.sleep(),
      wake: () => this.#session.open(PATIENT, { isKnownSignedIn: true }),
      recycle: () => this.#session.recycle(PATIENT),
      rebuild: async () => {
        await this.#session.closePage();
        await this.#session.open(PATIENT);
      },
    };
    await steps[step]().catch((cause: unknown) => {
      if (!(cause instanceof GatewayError)) throw cause;
    });
  }

  /** Sends a prompt of its own; the session is opened for it as for a request that follows another one. */
  async request(): Promise<void> {
    this.#prompts += 1;
    const prompt = `the site's alone ${this.#prompts}`;
    await this.#session.open(PATIENT, { isKnownSignedIn: true });
    const site = gptomni(new URL(this.site.origin));
    const request = { model: "gptomni", boundary: "123456789", messages: [{ role: "user", text: prompt }] } as const;
    let text = "";
    for await (const part of site.reply(this.#session.fetch, request, PATIENT))
      if (part.type === "text-delta") text += part.text;
    this.answers.push(text);
    if (text !== `You said: ${prompt}`) throw new Error(`another answer: ${text}`);
  }

  /** Whatever left the site. */
  get leaked(): unknown[] {
    const asked = this.elsewhere.noted.filter(({ path }) => path.startsWith("/api/"));
    return [...this.elsewhere.sent("the site's alone"), ...asked, ...this.answers.filter((text) => text === HIJACKED)];
  }

  /** Every navigation of the past is over or forgotten. */
  async recover(): Promise<void> {
    this.site.pages.clear();
    await this.#session.closePage();
    await this.#session.open(PATIENT);
    await this.request();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }

  async #runInPage(code: string): Promise<void> {
    const browser = await this.#fleet.supervisors[0]?.browser();
    const [page] = browser?.contexts().flatMap((context) => context.pages()) ?? [];
    await page?.evaluate(code).catch(() => {});
  }
}

test(
  `no order of leaving, redirects, sleep and renewal sends a prompt elsewhere (seed ${SEED})`,
  { timeout: 300_000 },
  async () => {
    await using scene = await Scene.open();
    let asked = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...STEPS), { maxLength: SEQUENCE_LIMIT }), async (steps) => {
        for (const step of [...steps, "request"] as const) await scene.take(step);
        expect(scene.leaked).toEqual([]);
        await scene.recover();
        asked = scene.answers.length;
      }),
      { seed: SEED, numRuns: RUNS },
    );
    expect(asked).toBeGreaterThan(RUNS - 1);
    console.log(`seed ${SEED}: ${RUNS} sequences, ${asked} answers, 0 prompts elsewhere`);
  },
);
