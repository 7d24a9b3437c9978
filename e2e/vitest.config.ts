import { defineConfig } from "vitest/config";

/** End to end: `npm start` itself, its HTTP API and a real browser. One file at a time: they share one registry, and other rings run beside them. */
export default defineConfig({
  test: {
    name: "e2e",
    include: ["e2e/**/*.test.ts"],
    exclude: ["e2e/starter/**"],
    globalSetup: ["e2e/lib/global-setup.ts"],
    root: new URL("..", import.meta.url).pathname,
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
