import { defineConfig } from "vitest/config";

/** Three rings: plain Node (VM and conformance), workerd (Worker), end to end (real bundle over HTTP). */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "node",
          include: ["wasm-core/**/*.test.ts", "conformance/**/*.test.ts", "scripts/**/*.test.ts"],
          // Files share the modules of their worker: half of the time went into compiling core.wasm once more for each.
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        // Starts servers of its own, so it may run beside the other rings.
        test: {
          name: "starter",
          include: ["e2e/starter/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      "./worker/vitest.config.ts",
      "./e2e/vitest.config.ts",
    ],
  },
});
