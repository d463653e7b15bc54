import { Alert, Button, Group, Paper, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useSigning, type SignedOutBecause } from "../api/session.ts";
import { useTexts, type Text as TextId } from "../texts/language.tsx";
import { LookSwitches } from "./look-switches.tsx";
import { Mark } from "./mark.tsx";
import classes from "./sign-in.module.css";

const REASONS: Readonly<Record<SignedOutBecause, TextId>> = {
  idle: "You were signed out because nobody used the console for a while.",
  ended: "Your session has ended. Sign in again.",
};

export function SignIn({ because }: { readonly because: SignedOutBecause | undefined }) {
  const { t, told } = useTexts();
  const { signIn } = useSigning();
  const [key, setKey] = useState("");
  const signing = useMutation({ mutationFn: signIn });
  return (
    <main className={classes["page"]}>
      <Paper withBorder p="xl" radius="lg" w="100%" maw={400}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            signing.mutate(key.trim());
          }}
        >
          <Stack>
            <Group gap="sm">
              <Mark />
              <Title order={1} size="h4">
                gptomni-gateway
              </Title>
            </Group>
            {because && (
              <Text size="sm" role="status">
                {t(REASONS[because])}
              </Text>
            )}
            <PasswordInput
              label={t("Admin key")}
              description={t("The first start prints it once. ADMIN_KEY sets it.")}
              value={key}
              onChange={({ currentTarget }) => setKey(currentTarget.value)}
              autoComplete="current-password"
              required
              autoFocus
            />
            {signing.error && (
              <Alert color="red" variant="light" role="alert">
                <Text size="sm">{told(signing.error.message)}</Text>
              </Alert>
            )}
            <Button type="submit" loading={signing.isPending} disabled={key.trim() === ""}>
              {t("Sign in")}
            </Button>
          </Stack>
        </form>
      </Paper>
      <LookSwitches />
    </main>
  );
}
