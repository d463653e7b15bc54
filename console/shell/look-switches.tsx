import { Group, SegmentedControl, useMantineColorScheme } from "@mantine/core";
import { chooseLanguage, LANGUAGES, useTexts, type Language } from "../texts/language.tsx";

/** Language, and light or dark. Transitions are kept, since switching them off adds a style element. */
export function LookSwitches() {
  const { t, language } = useTexts();
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  return (
    <Group gap="xs" justify="center">
      <SegmentedControl
        size="xs"
        aria-label={t("Language")}
        value={language}
        onChange={(value) => void chooseLanguage(value as Language)}
        data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
      />
      <SegmentedControl
        size="xs"
        aria-label={t("Colours")}
        value={colorScheme}
        onChange={setColorScheme}
        data={[
          { value: "light", label: t("Light") },
          { value: "dark", label: t("Dark") },
          { value: "auto", label: t("Auto") },
        ]}
      />
    </Group>
  );
}
