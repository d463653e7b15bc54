import { GatewayError } from "../errors.ts";
import { gptomni } from "./gptomni.ts";
import type { Site } from "./site.ts";

/** Where each site is. */
export interface SiteOrigins {
  readonly gptomni: URL;
}

/** Every site that the gateway knows; the first is the default. A new site gets its line here. */
export function sitesAt({ gptomni: origin }: SiteOrigins): Sites {
  return new Sites([gptomni(origin)]);
}

/** Finds a site by its name, as accounts give it, and by the model that a caller asks for. */
export class Sites {
  readonly #sites: readonly [Site, ...Site[]];

  constructor(sites: readonly [Site, ...Site[]]) {
    this.#sites = sites;
  }

  get names(): readonly string[] {
    return this.#sites.map(({ name }) => name);
  }

  /** The models of all sites; the first is the default. */
  get models(): readonly string[] {
    return this.#sites.flatMap(({ models }) => models);
  }

  /** The site that answers for this model. The default site answers for every other name. */
  siteOf(model: string): Site {
    return this.#sites.find(({ models }) => models.includes(model)) ?? this.#sites[0];
  }

  /** An account that names no site is of the default site. @throws GatewayError `invalid_value` for a name that is not in `names`. */
  named(name: string | undefined): Site {
    if (name === undefined) return this.#sites[0];
    const site = this.#sites.find((one) => one.name === name);
    if (site) return site;
    throw new GatewayError("invalid_value", `Invalid 'site': expected one of ${this.names.join(", ")}.`, {
      param: "site",
    });
  }
}
