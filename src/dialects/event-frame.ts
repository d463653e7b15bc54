/** An event without a name: https://html.spec.whatwg.org/multipage/server-sent-events.html */
export function dataFrame(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

/** An event that is named by its type. */
export function namedFrame(event: { readonly type: string }): string {
  return `event: ${event.type}\n${dataFrame(event)}`;
}
