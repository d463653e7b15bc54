import { Simulator } from "../../src/simulator/simulator.ts";

/**
 * The simulated site in a container of its own, from the gateway's image. Its first line tells the settings of a gateway that
 * asks it: the site knows itself by its own address only, so browsers go to the container `site` in place of that.
 */
const PORT = 8443;
const ACCOUNTS = Array.from({ length: 12 }, (_one, index) => `account-${index + 1}`);

const site = await Simulator.start({ host: "0.0.0.0", port: PORT });
const settings = {
  GPTOMNI_ORIGIN: site.origin,
  BROWSER_ARGS: `${site.browserArgs} "--host-resolver-rules=MAP ${new URL(site.origin).host} site:${PORT}"`,
  GPTOMNI_CREDENTIALS: JSON.stringify(ACCOUNTS.map((id) => ({ id, cookie: site.addAccount(id) }))),
  RATE_LIMIT: "off",
};
console.log(JSON.stringify(settings));
