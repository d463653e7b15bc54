import type { ReplyPart } from "../chat.ts";
import { GatewayError } from "../errors.ts";
import type { Sites } from "./catalog.ts";
import type { Site } from "./site.ts";

/** Hears how sites answer. */
export interface AttemptMeter {
  /** A site was asked, and it is over. `outcome`: `ok`, or the code of the error. */
  attempted(outcome: string): void;
  /** How long a site took between two parts of an answer, in milliseconds; the reader's own time does not count. */
  waited(gapMs: number): void;
}

/** The same sites, and the meter hears of each attempt to ask one of them. */
export function meteredSites(sites: Pick<Sites, "siteOf">, meter: AttemptMeter): Pick<Sites, "siteOf"> {
  const metered = new WeakMap<Site, Site>();
  return {
    siteOf: (model) => {
      const site = sites.siteOf(model);
      const known = metered.get(site) ?? { ...site, reply: (...ask) => measured(site.reply(...ask), meter) };
      metered.set(site, known);
      return known;
    },
  };
}

async function* measured(
  parts: AsyncIterable<ReplyPart>,
  meter: AttemptMeter,
): AsyncGenerator<ReplyPart, void, undefined> {
  let outcome = "ok";
  let readyMs: number | undefined;
  try {
    for await (const part of parts) {
      if (readyMs !== undefined) meter.waited(performance.now() - readyMs);
      yield part;
      readyMs = performance.now();
    }
  } catch (cause) {
    outcome = GatewayError.from(cause).code;
    throw cause;
  } finally {
    meter.attempted(outcome);
  }
}
