import { Badge, MantineProvider, createTheme, localStorageColorSchemeManager } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { Router } from "wouter";
import { leaveToFeed } from "./api/live-feed.ts";
import { isWorthRepeating } from "./api/reading.ts";
import { forgetWhenSignedOut } from "./api/session.ts";
import { Gate } from "./shell/gate.tsx";
import { LanguageProvider } from "./texts/language.tsx";
import { Notices } from "./widgets/notices.tsx";

const theme = createTheme({
  primaryColor: "indigo",
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: { Badge: Badge.extend({ defaultProps: { tt: "none", miw: "max-content" } }) },
});
const colourScheme = localStorageColorSchemeManager({ key: "console-colours" });
const client = new QueryClient({
  defaultOptions: {
    queries: { retry: isWorthRepeating, refetchOnWindowFocus: true },
  },
});
leaveToFeed(client);
forgetWhenSignedOut(client);

export function App() {
  return (
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      colorSchemeManager={colourScheme}
      // Both are static files here: the page's policy refuses style elements.
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <LanguageProvider>
        <QueryClientProvider client={client}>
          <Router base="/console">
            <Gate />
          </Router>
          <Notices />
        </QueryClientProvider>
      </LanguageProvider>
    </MantineProvider>
  );
}
