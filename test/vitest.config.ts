import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["**/*.test.ts"],
    exclude: ["container/**", "clients/**"],
    // Real browsers on few cores: files side by side would only slow each other down and blur every time limit.
    fileParallelism: false,
    // What is waited for comes when the machine gets to it; how soon is measured where it matters.
    expect: { poll: { timeout: 10_000 } },
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
