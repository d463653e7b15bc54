import { Button, FileButton, Group, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useState, type DragEvent } from "react";
import type { AddedAccountRow } from "../../api/contract.ts";
import { useTexts } from "../../texts/language.tsx";
import { Failure } from "../../widgets/loaded.tsx";
import classes from "./accounts.module.css";
import { AddedAccount } from "./added-account.tsx";
import { PreviewOf } from "./preview.tsx";
import { useAdding } from "./adding.ts";

/** No export of cookies is so large; a dropped film should not be read. */
const MOST_FILE_BYTES = 2_000_000;

/** Takes an account in any form that people have it, shows what the gateway makes of it, and saves it. */
export function AddWizard() {
  const { t } = useTexts();
  const [credential, setCredential] = useState("");
  const [id, setId] = useState("");
  const [proxy, setProxy] = useState("");
  const [refused, setRefused] = useState<string>();
  const [added, setAdded] = useState<AddedAccountRow>();
  const { preview, adding } = useAdding(credential);
  const takeFile = async (file: File | null | undefined): Promise<void> => {
    if (!file) return;
    const isFine = file.size <= MOST_FILE_BYTES;
    setRefused(isFine ? undefined : t("{name} is too large for an export of cookies", { name: file.name }));
    if (isFine) setCredential(await file.text());
  };
  const save = (): void => {
    const optional = { ...(id.trim() && { id: id.trim() }), ...(proxy.trim() && { proxy: proxy.trim() }) };
    adding.mutate({ credential, ...optional }, { onSuccess: setAdded });
  };
  const again = (): void => {
    setAdded(undefined);
    for (const clear of [setCredential, setId, setProxy]) clear("");
    adding.reset();
  };
  if (added) return <AddedAccount added={added} onAgain={again} />;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <Stack>
        <DropArea onFile={(file) => void takeFile(file)}>
          <Textarea
            label={t("Cookies")}
            description={t(
              "A Cookie header, a cURL command, a cookies.txt, an export in JSON or a storage state. Drop a file here, too.",
            )}
            rows={6}
            value={credential}
            onChange={({ currentTarget }) => setCredential(currentTarget.value)}
            error={refused}
            autoComplete="off"
            spellCheck={false}
            required
          />
        </DropArea>
        <FileButton onChange={(file) => void takeFile(file)}>
          {(props) => (
            <Button {...props} variant="default" size="xs" w="fit-content">
              {t("Choose a file")}
            </Button>
          )}
        </FileButton>
        <PreviewOf reading={preview} />
        <Group grow align="flex-start">
          <TextInput
            label={t("Name")}
            description={t("If empty, the gateway chooses one.")}
            value={id}
            onChange={({ currentTarget }) => setId(currentTarget.value)}
          />
          <TextInput
            label={t("Proxy")}
            description="http://user:password@host:port"
            value={proxy}
            onChange={({ currentTarget }) => setProxy(currentTarget.value)}
            autoComplete="off"
          />
        </Group>
        {adding.error && <Failure error={adding.error} />}
        <Group>
          <Button type="submit" loading={adding.isPending} disabled={credential.trim() === ""}>
            {t("Add the account")}
          </Button>
          <Text size="xs" c="dimmed">
            {t("Running answers of other accounts are not touched.")}
          </Text>
        </Group>
      </Stack>
    </form>
  );
}

interface DropAreaProps {
  readonly onFile: (file: File | undefined) => void;
  readonly children: React.ReactNode;
}

function DropArea({ onFile, children }: DropAreaProps) {
  const [isOver, setIsOver] = useState(false);
  const over = (event: DragEvent): void => {
    event.preventDefault();
    setIsOver(true);
  };
  const drop = (event: DragEvent): void => {
    setIsOver(false);
    const file = event.dataTransfer.files[0];
    // Dropped text goes into the field by itself.
    if (!file) return;
    event.preventDefault();
    onFile(file);
  };
  return (
    <div
      className={`${classes["drop"]} ${isOver ? classes["dropOver"] : ""}`}
      onDragOver={over}
      onDragLeave={() => setIsOver(false)}
      onDrop={drop}
    >
      {children}
    </div>
  );
}
