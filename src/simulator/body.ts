import type { Http2ServerRequest } from "node:http2";

const MAX_BODY_BYTES = 64 * 1024 * 1024;

export async function bodyOf(request: Http2ServerRequest): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_BODY_BYTES) break;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}

/** The fields of a JSON object; none where the body is anything else. */
export function fieldsOf(body: string): { readonly [name: string]: unknown } {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === "object" && parsed !== null ? { ...parsed } : {};
  } catch {
    return {};
  }
}
