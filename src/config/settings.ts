import { ACCESS } from "./settings/access.ts";
import { BROWSER } from "./settings/browser.ts";
import { PAGES } from "./settings/pages.ts";
import { RECORDS } from "./settings/records.ts";
import { REQUESTS } from "./settings/requests.ts";
import { SIZES } from "./settings/sizes.ts";

/** Every setting there is; the READMEs and .env.example are tested against this table. */
export const SETTINGS = { ...ACCESS, ...REQUESTS, ...PAGES, ...SIZES, ...RECORDS, ...BROWSER } as const;
