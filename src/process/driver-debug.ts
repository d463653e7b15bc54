// Imported before all else, since DEBUG is read when a package is loaded: what drives the browser writes cookies, prompts
// and the environment to it.
const wanted = process.env["DEBUG"];
if (wanted) {
  process.env["DEBUG"] = `${wanted},-pw:*,-playwright-extra*,-puppeteer-extra*`;
  console.error(
    "DEBUG: what drives the browser stays off (pw:*, playwright-extra*), since it writes cookies and prompts.",
  );
}
