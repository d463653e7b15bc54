import "./styles.ts";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { startLanguage } from "./texts/language.tsx";

// A tab that was open during an upgrade asks for files that are gone.
window.addEventListener("vite:preloadError", () => window.location.reload());

await startLanguage();
const root = document.querySelector("#root");
if (root) createRoot(root).render(<App />);
