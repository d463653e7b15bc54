import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { onTestFinished } from "vitest";

export interface AlertService {
  readonly origin: string;
  /** What was taken. */
  readonly heard: Record<string, unknown>[];
  /** Every try, taken or not. */
  readonly tries: IncomingMessage[];
  /** From now on, each try is refused with this status; undefined takes what is right. */
  refuse(status: number | undefined): void;
}

/** A server that takes what the service that it stands for takes, and refuses the rest with 400. */
export async function alertService(
  takes: (path: string, body: Record<string, unknown>) => boolean,
): Promise<AlertService> {
  const heard: Record<string, unknown>[] = [];
  const tries: IncomingMessage[] = [];
  let refusal: number | undefined;
  const listener = createServer((request, response) => {
    tries.push(request);
    void json(request).then((body) => {
      const isRight = request.method === "POST" && takes(request.url ?? "", body as Record<string, unknown>);
      const status = refusal ?? (isRight ? 200 : 400);
      if (status === 200) heard.push(body as Record<string, unknown>);
      response.writeHead(status).end();
    });
  }).listen(0, "127.0.0.1");
  onTestFinished(() => {
    listener.closeAllConnections();
    listener.close();
  });
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, heard, tries, refuse: (status) => (refusal = status) };
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

/** As each service's documentation has it. */
export const SERVICES = {
  json: (path: string) => path === "/alerts",
  ntfy: (path: string, { topic, message, priority }: Record<string, unknown>) =>
    path === "/" && topic === "my-gateway" && isText(message) && [1, 2, 3, 4, 5].includes(Number(priority)),
  slack: (path: string, { text }: Record<string, unknown>) => path === "/services/T0/B0/secret" && isText(text),
  telegram: (path: string, body: Record<string, unknown>) =>
    path === "/bot42:secret/sendMessage" && body["chat_id"] === "-1001" && isText(body["text"]),
};

/** What the operator writes for each of them. */
export function urlOf(form: keyof typeof SERVICES, origin: string): string {
  const paths = {
    json: "/alerts",
    ntfy: "/my-gateway",
    slack: "/services/T0/B0/secret",
    telegram: "/bot42:secret/sendMessage?chat_id=-1001",
  };
  return `${form}+${origin}${paths[form]}`;
}
