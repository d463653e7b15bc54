import { Button, Group, NativeSelect, SegmentedControl, Stack, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import { useTexts } from "../../texts/language.tsx";
import { PageHead, Panel } from "../../widgets/panel.tsx";
import { ApiKeyField } from "./api-key.tsx";
import { useConversation } from "./conversation.ts";
import { DIALECTS, type DialectName } from "./dialects.ts";
import { Headers } from "./headers.tsx";
import { useModels } from "./models.ts";
import classes from "./playground.module.css";
import { SameRequest } from "./same-request.tsx";
import { Turns } from "./turns.tsx";

const FIRST_MODEL = "gptomni";

/** A chat through the gateway's own API, with what its answer says beside the text. */
export function Playground() {
  const { t } = useTexts();
  const [apiKey, setApiKey] = useState("");
  const [dialect, setDialect] = useState<DialectName>("chat");
  const [chosenModel, setModel] = useState<string>();
  const [system, setSystem] = useState("");
  const [text, setText] = useState("");
  const models = useModels(apiKey);
  const model = chosenModel ?? models[0] ?? FIRST_MODEL;
  const conversation = useConversation();
  const canSend = text.trim() !== "" && apiKey !== "" && !conversation.isRunning;
  const send = (): void => {
    if (!canSend) return;
    void conversation.send(text, { dialect, apiKey, model, system });
    setText("");
  };
  return (
    <>
      <PageHead title={t("Playground")}>
        <Button size="xs" variant="default" onClick={conversation.clear} disabled={conversation.turns.length === 0}>
          {t("New conversation")}
        </Button>
      </PageHead>
      <div className={classes["halves"]}>
        <Panel>
          <Stack>
            <Turns {...conversation} />
            <form
              onSubmit={(event) => {
                event.preventDefault();
                send();
              }}
            >
              <Textarea
                label={t("Message")}
                rows={3}
                value={text}
                onChange={({ currentTarget }) => setText(currentTarget.value)}
                onKeyDown={(event) => {
                  if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
                  event.preventDefault();
                  send();
                }}
              />
              <Group justify="space-between" mt="xs">
                <Text size="xs" c="dimmed">
                  {apiKey === "" ? t("It needs an API key.") : t("Enter sends, Shift+Enter makes a new line.")}
                </Text>
                {conversation.isRunning ? (
                  <Button color="red" variant="light" onClick={conversation.stop}>
                    {t("Stop")}
                  </Button>
                ) : (
                  <Button type="submit" disabled={!canSend}>
                    {t("Send")}
                  </Button>
                )}
              </Group>
            </form>
          </Stack>
        </Panel>
        <Stack>
          <Panel>
            <Stack gap="sm">
              <ApiKeyField value={apiKey} onChange={setApiKey} />
              <SegmentedControl
                size="xs"
                fullWidth
                aria-label={t("API")}
                value={dialect}
                onChange={(value) => setDialect(value as DialectName)}
                data={Object.entries(DIALECTS).map(([value, { label }]) => ({ value, label }))}
              />
              <NativeSelect
                label={t("Model")}
                value={model}
                onChange={({ currentTarget }) => setModel(currentTarget.value)}
                data={models.length > 0 ? [...models] : [FIRST_MODEL]}
              />
              <Textarea
                label={t("System prompt")}
                rows={2}
                value={system}
                onChange={({ currentTarget }) => setSystem(currentTarget.value)}
              />
            </Stack>
          </Panel>
          <Headers head={conversation.head} firstTextMs={conversation.firstTextMs} />
          <SameRequest dialect={dialect} asked={askedFor(conversation.turns, { model, system, text })} />
        </Stack>
      </div>
    </>
  );
}

function askedFor(
  turns: ReturnType<typeof useConversation>["turns"],
  { model, system, text }: { readonly model: string; readonly system: string; readonly text: string },
) {
  const asked = turns.at(-1)?.role === "assistant" ? turns.slice(0, -1) : turns;
  const next = { role: "user", text: text === "" ? "Hello!" : text } as const;
  return { model, system, turns: text === "" && asked.length > 0 ? asked : [...turns, next] };
}
