import { z } from "zod";
import type { Alerts } from "../alerts/alerts.ts";
import { ALERT_FORMS } from "../config/alert-urls.ts";
import { GatewayError } from "../errors.ts";
import { requestContextOf } from "../http/request-context.ts";
import { sendJson } from "../http/respond.ts";
import type { Route } from "../http/route.ts";
import type { Audit } from "./audit.ts";
import { listOf } from "./list.ts";

const alertTest = z
  .object({
    form: z.enum(ALERT_FORMS),
    host: z.string().meta({ description: "The rest of the address is a secret." }),
    ok: z.boolean(),
    problem: z.string().nullable().meta({ description: "Why the service was not reached." }),
  })
  .meta({ id: "AlertTest" });

export const alertTestList = listOf(alertTest).meta({ id: "AlertTestList" });

export interface AlertParts {
  readonly alerts: Pick<Alerts, "test">;
  readonly audit: Audit;
}

export function alertRoutes({ alerts, audit }: AlertParts): Route[] {
  return [
    {
      method: "POST",
      path: "/admin/api/alerts/test",
      audience: "admin",
      operation: {
        tag: "Gateway",
        summary: "Send a test to each service of ALERT_URL, in quiet hours too",
        answer: alertTestList,
        errors: ["no_alert_url"],
      },
      handlers: [
        async (_request, response) => {
          const tests = await alerts.test();
          if (tests.length === 0) throw new GatewayError("no_alert_url", "ALERT_URL is not set, so no alert is sent.");
          const { actor } = requestContextOf(response);
          audit({ actor, kind: "alerts_tested", subject: "ALERT_URL", before: null, after: null });
          const data = tests.map(({ form, host, problem = null }) => ({ form, host, ok: problem === null, problem }));
          sendJson(response, 200, { object: "list", data, nextCursor: null });
        },
      ],
    },
  ];
}
