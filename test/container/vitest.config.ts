import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { root: import.meta.dirname, fileParallelism: false, testTimeout: 120_000, hookTimeout: 900_000 },
});
