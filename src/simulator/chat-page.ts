/** The page that a session keeps open. It says that it is simulated. */
export function chatPage(account: string | undefined): string {
  const who = account === undefined ? "not signed in" : `signed in as ${escapeHtml(account)}`;
  return [
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Simulated chat site</title></head>`,
    `<body><h1>Simulated chat site</h1><p>You are ${who}.</p></body></html>`,
  ].join("\n");
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
