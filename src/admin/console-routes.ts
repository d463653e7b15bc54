import type { SettingInForce } from "../config/settings-in-force.ts";
import { sendJson } from "../http/respond.ts";
import type { Operation, Route } from "../http/route.ts";
import type { Looks } from "./looks.ts";
import { overviewSchema } from "./overview.ts";
import { queueDetailSchema } from "./queue.ts";
import { listSettings, settingListSchema } from "./settings.ts";
import { streamChanges, streamEventSchema, type StreamParts } from "./stream.ts";

export interface ConsoleParts extends StreamParts {
  readonly looks: Looks;
  readonly settings: readonly SettingInForce[];
}

/** What the console shows besides lists. */
export function consoleRoutes(parts: ConsoleParts): Route[] {
  const { looks } = parts;
  return [
    look(
      "overview",
      { summary: "Say how the gateway does", answer: overviewSchema },
      show(() => looks.overview()),
    ),
    look(
      "queue",
      { summary: "List the requests that wait for an account", answer: queueDetailSchema },
      show(() => looks.queue()),
    ),
    look(
      "settings",
      { summary: "List the settings, and where each comes from", answer: settingListSchema },
      listSettings(parts.settings, looks.replica),
    ),
    look(
      "stream",
      {
        summary: "Send what changes, at most four messages a second",
        answerType: "text/event-stream",
        event: streamEventSchema,
      },
      streamChanges(parts),
    ),
  ];
}

function show(answer: () => Promise<object>): Route["handlers"][number] {
  return async (_request, response) => sendJson(response, 200, await answer());
}

function look(name: string, operation: Omit<Operation, "tag">, handler: Route["handlers"][number]): Route {
  return {
    method: "GET",
    path: `/admin/api/${name}`,
    audience: "admin",
    operation: { tag: "Gateway", ...operation },
    handlers: [handler],
  };
}
