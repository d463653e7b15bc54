/** What a message of the console's stream tells, as far as tests read it. */
export interface AnyData {
  readonly accounts: readonly { readonly id: string }[];
  readonly overview: object;
  readonly changed: readonly object[];
  readonly data: readonly object[];
}

export interface StreamedMessage {
  readonly event: string;
  readonly data: AnyData;
}

/** The messages of a stream, as they come. */
export function messagesOf(response: Response) {
  const messages: StreamedMessage[] = [];
  const state = { isOver: false, text: "" };
  const reading = (async () => {
    for await (const chunk of response.body ?? []) {
      state.text += Buffer.from(chunk).toString();
      const blocks = state.text.split("\n\n");
      state.text = blocks.pop() ?? "";
      for (const block of blocks) {
        const event = /^event: (.*)$/m.exec(block)?.[1];
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (event !== undefined && data !== undefined) messages.push({ event, data: JSON.parse(data) as AnyData });
      }
    }
  })().finally(() => (state.isOver = true));
  reading.catch(() => {});
  return { messages, state };
}
