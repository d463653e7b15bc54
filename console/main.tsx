import "./styles.ts";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { reloadAfterUpgrade } from "./shell/loading.ts";
import { startLanguage } from "./texts/language.tsx";

window.addEventListener("vite:preloadError", () => void reloadAfterUpgrade());

await startLanguage();
const root = document.querySelector("#root");
if (root) createRoot(root).render(<App />);
