const REDACTED = "[redacted]";
/** A shorter value could be a part of ordinary words. */
const MIN_SECRET_CHARACTERS = 8;
/** Tokens, keys and signatures look like this; words and paths do not. */
const OPAQUE = /[\w+=~%-]{32,}/g;

/** The text without these secrets, and without whatever looks like a token. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const forms = secrets.flatMap((secret) => [secret, encodeURIComponent(secret.toWellFormed())]);
  const known = forms
    .filter((form) => form.length >= MIN_SECRET_CHARACTERS)
    .reduce((rest, form) => rest.replaceAll(form, REDACTED), text);
  return known.replaceAll(OPAQUE, (word) => (/\d/.test(word) && /[a-z]/i.test(word) ? REDACTED : word));
}
