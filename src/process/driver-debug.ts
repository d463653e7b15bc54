// Must be imported first, because packages read DEBUG when they are loaded. With it, the packages that drive the browser
// would write cookies, prompts and the environment to the terminal.
const wanted = process.env["DEBUG"];
if (wanted) {
  process.env["DEBUG"] = `${wanted},-pw:*,-playwright-extra*,-puppeteer-extra*`;
  console.error(
    "DEBUG: pw:*, playwright-extra* and puppeteer-extra* stay off, because they write cookies and prompts.",
  );
}
