/** Whether a cookie of this domain is sent to the origin. A cookie without a domain belongs to the origin. */
export function belongsTo(domain: string | undefined, origin: URL): boolean {
  if (domain === undefined || domain === "") return true;
  const bare = domain.replace(/^\./, "").toLowerCase();
  return origin.hostname === bare || (domain.startsWith(".") && origin.hostname.endsWith(`.${bare}`));
}
