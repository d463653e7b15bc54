/** What clients request on their own, unseen by their user. */
export type ChoreKind = "title" | "tags" | "follow-ups" | "completion" | "summary" | "memory" | "note";

/** How to recognise a client's own prompt. The pattern is anchored at the start: a text that only mentions the prompt is a question. */
export interface ChorePrompt {
  readonly kind: ChoreKind;
  /** Where the prompt is: in a system message, or in the last message of the user. */
  readonly place: "system" | "last";
  readonly pattern: RegExp;
  /**
   * Where the user's own text is, from which a title can be made: in the messages `before` the prompt, in the `last` message,
   * or in the prompt's message, `after` its instructions. Undefined if only a model can answer.
   */
  readonly words?: "before" | "last" | "after";
  /** Whether the request also has the conversation's tools. */
  readonly mayHaveTools?: true;
}

/** The prompt's beginning speaks of a conversation: a bot that writes titles for other things is not meant. */
const OF_A_CONVERSATION = "(?=[\\s\\S]{0,600}\\b(?:conversation|chat|session|thread)\\b)";

/** By client, as in the clients' source code. */
export const CHORE_PROMPTS: readonly ChorePrompt[] = [
  // Open WebUI. A question with documents begins with `### Task:` as well, and has no chat history.
  ...openWebui("title", "title"),
  ...openWebui("tags", "tags"),
  ...openWebui("follow-ups", "follow_ups"),
  { kind: "completion", place: "last", pattern: /^### Task:\s+You are an autocompletion system\b/ },
  // Claude Code
  {
    kind: "title",
    place: "system",
    pattern: /\bYou are naming a coding session so the user can pick it out\b/,
    words: "last",
  },
  {
    kind: "title",
    place: "system",
    pattern: /^Analyze if this message indicates a new conversation topic\b/m,
    words: "last",
  },
  { kind: "note", place: "system", pattern: /^You are coming up with a succinct title and git branch name\b/m },
  { kind: "title", place: "last", pattern: /^<session>[\s\S]*<\/session>\s*Write the title\b/, words: "after" },
  {
    kind: "title",
    place: "last",
    pattern: /^Please write a 5-10 word title for the following conversation:/,
    words: "after",
  },
  { kind: "follow-ups", place: "last", pattern: /^\[SUGGESTION MODE: /, mayHaveTools: true },
  // opencode
  {
    kind: "title",
    place: "system",
    pattern: /^You are a title generator\. You output ONLY a thread title\b/,
    words: "last",
  },
  // Qwen Code
  {
    kind: "memory",
    place: "system",
    pattern: /^You are now acting as the managed memory extraction subagent\b/m,
    mayHaveTools: true,
  },
  // LibreChat
  {
    kind: "title",
    place: "last",
    pattern: /^Provide a concise, 5-word-or-less title for the conversation\b/,
    words: "after",
  },
  {
    kind: "title",
    place: "last",
    pattern: /^Please generate a concise title \(max 40 characters\) for a conversation\b/,
    words: "after",
  },
  { kind: "note", place: "last", pattern: /^Analyze this conversation and provide:\s+1\. The detected language\b/ },
  // Continue
  {
    kind: "title",
    place: "last",
    pattern: /^Given the following\b.{0,20} please reply with a title for the chat\b/,
    words: "after",
  },
  // Zed
  {
    kind: "title",
    place: "last",
    pattern: /^Generate a concise 3-7 word title for this conversation, omitting punctuation\b/,
    words: "before",
  },
  // Cherry Studio, LobeChat
  {
    kind: "title",
    place: "system",
    pattern:
      /^You are an assistant skilled in conversation\b[\s\S]{0,80}\bsummarize\b[\s\S]{0,60}\btitles? within 10\b/,
  },
  // Copilot Chat
  {
    kind: "title",
    place: "system",
    pattern: /^You are an expert in crafting (?:pithy|ultra-compact) titles for\b/,
  },
  // NextChat
  {
    kind: "title",
    place: "last",
    pattern: /^Please generate a four to five word title summarizing our conversation without any lead-in\b/,
    words: "before",
  },
  { kind: "title", place: "last", pattern: /^使用四到五个字直接返回这句话的简要主题/u, words: "before" },
  {
    kind: "summary",
    place: "last",
    pattern: /^Summarize the discussion briefly in 200 words or less to use as a prompt for future context\b/,
  },
  { kind: "summary", place: "last", pattern: /^简要总结一下对话内容，用作后续的上下文提示/u },
  // Chatbox
  {
    kind: "title",
    place: "last",
    pattern: /^Based on the chat history, give this conversation a name\./,
    words: "before",
  },
  // Other clients with a plain prompt
  {
    kind: "title",
    place: "system",
    pattern: new RegExp(`^You are a title generator\\b${OF_A_CONVERSATION}`),
  },
  {
    kind: "title",
    place: "system",
    pattern:
      /^You generate (?:concise|short|brief)[^.]{0,40} titles? for (?:conversation|chat|session|thread|coding session)s\b/,
  },
  {
    kind: "title",
    place: "system",
    pattern:
      /^Generate a (?:concise|short|brief)[^.]{0,60} title (?:for|of|that summarizes) (?:this|the|a) (?:conversation|chat|session|thread)\b/,
  },
];

/** Open WebUI's templates share a frame, even if an operator translated them. */
function openWebui(kind: ChoreKind, key: string): ChorePrompt[] {
  const pattern = new RegExp(
    `^### Task:(?=[\\s\\S]*"${key}"\\s*:)(?=[\\s\\S]*<chat_history>)(?![\\s\\S]*<(?:user_query|context)>)`,
  );
  return [{ kind, place: "last", pattern, words: "after" }];
}
