import type { SettingInForce } from "../config/settings-in-force.ts";
import type { Operation, Route } from "../http/route.ts";
import { overviewSchema, showOverview } from "./overview.ts";
import { queueDetailSchema, showQueue, type QueueSources } from "./queue.ts";
import { listSettings, settingListSchema } from "./settings.ts";
import { streamChanges, streamEventSchema, type StreamParts } from "./stream.ts";

export interface ConsoleParts extends QueueSources, StreamParts {
  readonly settings: readonly SettingInForce[];
}

/** What the console shows besides lists. */
export function consoleRoutes(parts: ConsoleParts): Route[] {
  return [
    look("overview", { summary: "Say how the gateway does", answer: overviewSchema }, showOverview(parts)),
    look(
      "queue",
      { summary: "List the requests that wait for an account", answer: queueDetailSchema },
      showQueue(parts),
    ),
    look(
      "settings",
      { summary: "List the settings, and where each comes from", answer: settingListSchema },
      listSettings(parts.settings),
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

function look(name: string, operation: Omit<Operation, "tag">, handler: Route["handlers"][number]): Route {
  return {
    method: "GET",
    path: `/admin/api/${name}`,
    audience: "admin",
    operation: { tag: "Gateway", ...operation },
    handlers: [handler],
  };
}
