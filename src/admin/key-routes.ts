import type { Operation, Route } from "../http/route.ts";
import { readShortBody } from "./input.ts";
import { keyListSchema, keyRow, newKeySchema } from "./key-row.ts";
import { changedKeyBody, keyHandlers, newKeyBody, type KeyParts } from "./keys.ts";
import { listQuery } from "./list.ts";

/** The routes of callers' keys. */
export function keyRoutes(parts: KeyParts): Route[] {
  const { list, show, create, change, rotate, revoke } = keyHandlers(parts);
  const body = readShortBody();
  const onlyKnown = ["key_not_found", "key_not_editable", "state_not_stored"] as const;
  return [
    route("GET", "", [list], {
      summary: "List the callers' keys",
      query: listQuery,
      answer: keyListSchema,
      errors: ["invalid_value", "unknown_parameter"],
    }),
    route("POST", "", [...body, create], {
      summary: "Make a key; the answer shows it once",
      request: newKeyBody,
      example: { name: "anna", limits: { requestsPerMinute: 20, parallel: 2 }, models: ["gptomni"] },
      answer: newKeySchema,
      status: 201,
      errors: ["key_name_taken", "state_not_stored"],
    }),
    route("GET", "/:id", [show], { summary: "Show a key", answer: keyRow, errors: ["key_not_found"] }),
    route("PATCH", "/:id", [...body, change], {
      summary: "Change a key's name, limits, models or expiry",
      request: changedKeyBody,
      example: { limits: { requestsPerDay: 500 }, expiresAt: null },
      answer: keyRow,
      errors: [...onlyKnown, "key_name_taken"],
    }),
    route("DELETE", "/:id", [revoke], {
      summary: "Revoke a key; its next request is refused, running answers go on",
      answer: keyRow,
      errors: onlyKnown,
    }),
    route("POST", "/:id/rotate", [rotate], {
      summary: "Replace a key's secret; the answer shows the new one once",
      answer: newKeySchema,
      errors: onlyKnown,
    }),
  ];
}

function route(
  method: Route["method"],
  path: "" | `/${string}`,
  handlers: Route["handlers"],
  operation: Omit<Operation, "tag">,
): Route {
  return {
    method,
    path: `/admin/api/keys${path}`,
    audience: "admin",
    operation: { tag: "Gateway", ...operation },
    handlers,
  };
}
