import { once } from "node:events";
import { spawn } from "node:child_process";
import { X509Certificate, createHash } from "node:crypto";
import { connect as connectTls } from "node:tls";
import { describe, expect, test } from "vitest";
import { Visitor, status } from "./visitor.ts";

describe("the site's own life", () => {
  test("the key that a browser is told to trust is the one in use, for localhost and 127.0.0.1", async () => {
    await using visitor = await Visitor.open();
    const socket = connectTls({ port: Number(new URL(visitor.site.origin).port), rejectUnauthorized: false });
    await once(socket, "secureConnect");
    const certificate = new X509Certificate(socket.getPeerCertificate().raw);
    socket.destroy();
    const spki = certificate.publicKey.export({ type: "spki", format: "der" });
    const hash = createHash("sha256").update(spki).digest("base64");
    expect(visitor.site.browserArgs).toBe(`--ignore-certificate-errors-spki-list=${hash}`);
    expect(certificate.checkHost("localhost")).toBe("localhost");
    expect(certificate.checkIP("127.0.0.1")).toBe("127.0.0.1");
  });

  test("a wait for what never comes says what was seen", async () => {
    await using visitor = await Visitor.open();
    await status(visitor.send("seen"));
    await expect(visitor.site.waitForPost(() => false, AbortSignal.abort())).rejects.toThrow(/"prompt":"seen"/);
  });

  test("nothing keeps the process alive after the site was disposed with an answer under way", async () => {
    const simulator = new URL("../../src/simulator/simulator.ts", import.meta.url).href;
    const script = `
      import { connect } from "node:http2";
      import { Simulator } from ${JSON.stringify(simulator)};
      const site = await Simulator.start();
      const origin = site.origin;
      const client = connect(origin, { rejectUnauthorized: false }).on("error", () => {});
      for (const fault of ['{"delayMs":3600000}', '{"stallAfterChunks":1}']) {
        client.request({
          ":method": "POST", ":path": "/api/chatWithText", cookie: site.addAccount(fault), origin, referer: origin + "/zh",
          "sec-fetch-site": "same-origin", "content-type": "text/plain;charset=UTF-8",
        }).on("error", () => {}).end(JSON.stringify({ prompt: "@sim " + fault }));
        await site.waitForPost((post) => post.prompt.includes(fault), 30_000);
      }
      await site[Symbol.asyncDispose]();
      client.destroy();
      console.log("disposed");`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", script], { timeout: 60_000 });
    let output = "";
    child.stdout.on("data", (chunk) => (output += String(chunk)));
    child.stderr.on("data", (chunk) => (output += String(chunk)));
    const [code] = (await once(child, "close")) as [number | null];
    expect({ code, output }).toEqual({ code: 0, output: "disposed\n" });
  });
});
