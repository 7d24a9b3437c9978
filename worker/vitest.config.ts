import { fileURLToPath } from "node:url";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Secrets of the tests alone; MEDIATOR_TOKEN is well-formed, SECRETS_KEY is 32 zero bytes. */
const bindings = {
  MEDIATOR_TOKEN: "parley_000000000000000000000000000000002wjyrI",
  SECRETS_KEY: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
  TEST_CLOCK: "1",
};

/** One runtime for all files; storage is reset before each test (worker/test/setup.ts). */
export default defineConfig({
  plugins: [
    cloudflareTest(async () => ({
      main: `${root}worker/index.ts`,
      wrangler: { configPath: `${root}wrangler.toml` },
      miniflare: { bindings: { ...bindings, MIGRATIONS: await readD1Migrations(`${root}migrations`) } },
    })),
  ],
  test: {
    name: "worker",
    root,
    include: ["worker/**/*.test.ts", "worker/**/*.test.tsx"],
    setupFiles: [`${root}worker/test/setup.ts`],
    isolate: false,
    testTimeout: 30_000,
  },
});
