import { Button, Group } from "@mantine/core";
import { useState } from "react";
import { useTexts } from "../texts/language.tsx";
import classes from "./copyable.module.css";

const SAID_MS = 2_000;

/** Text to take away: shown as it is, with a button that copies it. */
export function Copyable({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <div className={classes["block"]}>
      <pre className={classes["text"]} tabIndex={0} aria-label={label}>
        {text}
      </pre>
      <Group className={classes["button"] ?? ""}>
        <CopyButton text={text} />
      </Group>
    </div>
  );
}

function CopyButton({ text }: { readonly text: string }) {
  const { t } = useTexts();
  const [isCopied, setIsCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await copyText(text);
    setIsCopied(true);
    window.setTimeout(() => setIsCopied(false), SAID_MS);
  };
  return (
    <Button size="compact-xs" variant="default" onClick={() => void copy()}>
      {isCopied ? t("Copied") : t("Copy")}
    </Button>
  );
}

/** Browsers have a clipboard only on secure pages; a gateway in a home network is not one. */
async function copyText(text: string): Promise<void> {
  if (window.isSecureContext) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}
