import { Group, Paper, Text } from "@mantine/core";
import { memo } from "react";
import { Link } from "wouter";
import type { AccountRow } from "../../api/contract.ts";
import { useTexts } from "../../texts/language.tsx";
import { AnswerStrip } from "../../widgets/answer-strip.tsx";
import { Moment } from "../../widgets/moment.tsx";
import { PaceRing } from "../../widgets/pace-ring.tsx";
import { StateBadge } from "../../widgets/state-badge.tsx";
import classes from "./overview.module.css";

/** One account at a glance: healthy or not, and why. Drawn again only if the account's row changed. */
export const AccountCard = memo(function AccountCard({ account }: { readonly account: AccountRow }) {
  const { t, told } = useTexts();
  const { id, state, reason, since, nextTryAt, expiresAt, lastUsedAt, pace, recent } = account;
  return (
    <Paper component="article" withBorder p="md" radius="md" className={classes["card"] ?? ""} aria-label={id}>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Link href={`/accounts/${encodeURIComponent(id)}`} className={classes["name"] ?? ""} title={id}>
          {id}
        </Link>
        <StateBadge state={state} />
      </Group>
      <AnswerStrip recent={recent} />
      <Text size="xs" c="dimmed" lineClamp={2} title={told(reason)}>
        {reason === "" ? "\u00a0" : told(reason)}
      </Text>
      <Group justify="space-between" wrap="nowrap" align="center">
        {pace ? <PaceRing pace={pace} /> : <Text size="xs">{t("No rate limit")}</Text>}
        <dl className={classes["facts"]}>
          <dt>{t("since")}</dt>
          <dd>
            <Moment at={since} />
          </dd>
          <dt>{nextTryAt === null ? t("last used") : t("next try")}</dt>
          <dd>
            <Moment at={nextTryAt ?? lastUsedAt} />
          </dd>
          <dt>{t("expires")}</dt>
          <dd>
            <Moment at={expiresAt} />
          </dd>
        </dl>
      </Group>
    </Paper>
  );
});
