type Role = "system" | "user" | "assistant";
export type Turns = readonly (readonly [role: Role, text: string])[];

const HISTORY =
  "<chat_history>\nUSER: How do I bake rye bread at home without a starter?\nASSISTANT: Well …\n</chat_history>";
const webui = (task: string, form: string): string =>
  `### Task:\n${task}\n### Guidelines:\n- Be clear.\n### Output:\nJSON format: ${form}\n### Chat History:\n${HISTORY}`;
const TALK: Turns = [
  ["user", "How do I bake rye bread at home without a starter?"],
  ["assistant", "Take yeast."],
];

/** As clients send them; the last value is the answer that needs no site, where there is one. */
export const CHORES: readonly (readonly [client: string, kind: string, turns: Turns, local: string | undefined])[] = [
  [
    "Open WebUI",
    "title",
    [
      [
        "user",
        webui(
          "Generate a concise, 3-5 word title with an emoji summarizing the chat history.",
          '{ "title": "your concise title here" }',
        ),
      ],
    ],
    '{"title":"How do I bake rye bread at"}',
  ],
  [
    "Open WebUI",
    "tags",
    [["user", webui("Generate 1-3 broad tags categorizing the main themes.", '{ "tags": ["tag1", "tag2"] }')]],
    '{"tags":["General"]}',
  ],
  [
    "Open WebUI",
    "follow-ups",
    [["user", webui("Suggest 3-5 relevant follow-up questions.", '{ "follow_ups": ["Question 1?"] }')]],
    '{"follow_ups":[]}',
  ],
  [
    "Open WebUI, translated",
    "title",
    [["user", webui("Fasse den Verlauf in einem Titel zusammen.", '{ "title": "Titel" }')]],
    '{"title":"How do I bake rye bread at"}',
  ],
  [
    "Open WebUI",
    "completion",
    [["user", "### Task:\nYou are an autocompletion system. Continue the text in `<text>`.\n<text>How</text>"]],
    undefined,
  ],
  [
    "Claude Code",
    "title",
    [
      [
        "system",
        "You are Claude Code, Anthropic's official CLI for Claude.\n\nYou are naming a coding session so the user can pick it out of a long list of sessions. The title is a name.",
      ],
      [
        "user",
        "<session>\nFix the login bug\n</session>\n\nWrite the title in the predominant language of the session.",
      ],
    ],
    "Fix the login bug",
  ],
  [
    "Claude Code",
    "title",
    [
      [
        "system",
        "Analyze if this message indicates a new conversation topic. If it does, extract a 2-3 word title. Format your response as a JSON object with two fields: 'isNewTopic' (boolean) and 'title' (string).",
      ],
      ["user", "Fix the login bug"],
    ],
    '{"isNewTopic":true,"title":"Fix the login bug"}',
  ],
  [
    "Claude Code",
    "note",
    [
      [
        "system",
        "You are coming up with a succinct title and git branch name for a coding session based on the provided description.",
      ],
      ["user", "Fix it"],
    ],
    undefined,
  ],
  [
    "Claude Code",
    "title",
    [
      [
        "user",
        "Please write a 5-10 word title for the following conversation:\n\nUser: Fix the login bug\n\nClaude: Done.",
      ],
    ],
    "Fix the login bug",
  ],
  [
    "opencode",
    "title",
    [
      ["system", "You are a title generator. You output ONLY a thread title. Nothing else.\n\n<task>…</task>"],
      ["user", "Generate a title for this conversation:"],
      ["user", "Fix the login bug"],
    ],
    "Fix the login bug",
  ],
  [
    "Qwen Code",
    "memory",
    [
      ["system", "You are now acting as the managed memory extraction subagent for an AI coding assistant."],
      ["user", "Extract."],
    ],
    undefined,
  ],
  [
    "LibreChat",
    "title",
    [
      [
        "user",
        "Provide a concise, 5-word-or-less title for the conversation, using title case conventions. Only return the title itself.\n\nConversation:\nUser: Fix the login bug\nAI: Done.",
      ],
    ],
    "Fix the login bug",
  ],
  [
    "LibreChat",
    "note",
    [
      [
        "user",
        "Analyze this conversation and provide:\n1. The detected language of the conversation\n2. A concise title",
      ],
    ],
    undefined,
  ],
  [
    "Continue",
    "title",
    [
      [
        "user",
        "Given the following... please reply with a title for the chat that is 3-4 words in length, no additional text.\n\nTake yeast, not a starter.",
      ],
    ],
    "Take yeast, not a starter",
  ],
  [
    "Zed",
    "title",
    [
      ...TALK,
      [
        "user",
        "Generate a concise 3-7 word title for this conversation, omitting punctuation.\nGo straight to the title.",
      ],
    ],
    "How do I bake rye bread at",
  ],
  [
    "Cherry Studio",
    "title",
    [
      [
        "system",
        "You are an assistant skilled in conversation. You need to summarize the user's conversation into a title within 10 words.",
      ],
      ["user", '[{"role":"user"}]'],
    ],
    undefined,
  ],
  [
    "Copilot Chat",
    "title",
    [
      ["system", "You are an expert in crafting pithy titles for chatbot conversations."],
      ["user", "Please write a brief title."],
    ],
    undefined,
  ],
  [
    "NextChat",
    "title",
    [
      ...TALK,
      [
        "user",
        "Please generate a four to five word title summarizing our conversation without any lead-in, punctuation, or additional text.",
      ],
    ],
    "How do I bake rye bread at",
  ],
  [
    "NextChat",
    "summary",
    [...TALK, ["user", "Summarize the discussion briefly in 200 words or less to use as a prompt for future context."]],
    undefined,
  ],
  [
    "Chatbox",
    "title",
    [...TALK, ["user", "Based on the chat history, give this conversation a name.\nKeep it short."]],
    "How do I bake rye bread at",
  ],
  [
    "another client",
    "title",
    [
      ["system", "You are a title generator. Respond only with a short title for the chat."],
      ["user", "Hi"],
    ],
    undefined,
  ],
];

/** What people really ask, however near it comes. */
export const QUESTIONS: readonly (readonly [name: string, turns: Turns])[] = [
  ["a title for an essay", [["user", "Write a title for my essay about rye bread."]]],
  [
    "a title for a talk",
    [["user", "Generate a concise title for this conversation between two bakers that I wrote: …"]],
  ],
  [
    "a question with documents in Open WebUI",
    [
      [
        "user",
        '### Task:\nRespond to the user query using the provided context.\n<context>{"title": "Bread"}</context>\n<user_query>Why?</user_query>',
      ],
    ],
  ],
  [
    "search queries that Open WebUI needs for a question",
    [
      [
        "user",
        webui(
          "Analyze the chat history to determine the necessity of generating search queries.",
          '{ "queries": ["query1"] }',
        ),
      ],
    ],
  ],
  ["a task in the form of a template", [["user", '### Task:\nWrite JSON with a "title": for each chapter.']]],
  [
    "a chat UI whose system prompt mentions titles",
    [
      ["system", "You are a helpful assistant. Give each answer a short title. The conversation has a title, too."],
      ["user", "Hi"],
    ],
  ],
  [
    "a bot that writes titles for videos",
    [
      ["system", "You are a title generator for videos about bread. Suggest ten titles."],
      ["user", "Sourdough for beginners"],
    ],
  ],
  [
    "a prompt of a client, quoted in a question",
    [["user", 'What does "Provide a concise, 5-word-or-less title for the conversation" do in LibreChat?']],
  ],
  [
    "a prompt of a client, in an earlier turn",
    [
      ["user", "Generate a concise 3-7 word title for this conversation, omitting punctuation."],
      ["assistant", "Rye"],
      ["user", "And now in German"],
    ],
  ],
  [
    "an agent's compaction, for which it waits",
    [
      ["system", "You are a helpful AI assistant tasked with summarizing conversations."],
      ["user", "Your task is to create a detailed summary of the conversation so far."],
    ],
  ],
  ["a follow-up", [["user", "Suggest 3-5 relevant follow-up questions to this interview."]]],
  ["memory", [["user", "Explain managed memory extraction in CUDA."]]],
];
