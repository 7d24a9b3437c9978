import { fileURLToPath } from "node:url";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { expectedDigests, sampleBuilds } from "../conformance/runner/testing/builds.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Secrets of the tests alone; MEDIATOR_TOKEN is well-formed, SECRETS_KEY is 32 zero bytes. */
const bindings = {
  MEDIATOR_TOKEN: "parley_000000000000000000000000000000002wjyrI",
  SECRETS_KEY: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
  TEST_CLOCK: "1",
};

/** Reference and known-bad builds as base64, each with the report digest that Node gives for it. */
async function builtBuilds() {
  const digests = await expectedDigests();
  const text = (bytes: Uint8Array | null | undefined) => (bytes ? Buffer.from(bytes).toString("base64") : undefined);
  const builds = sampleBuilds().map(({ name, kind, parts }) => {
    const { manifest, guest, host, rom } = parts;
    const encoded = { manifest: text(manifest), guest: text(guest), host: text(host), rom: text(rom) };
    return { name, kind, report: digests[name], parts: encoded };
  });
  return JSON.stringify(builds);
}

/** One runtime for all files; storage is empty before each test (worker/test/setup.ts). */
export default defineConfig({
  plugins: [
    cloudflareTest(async () => ({
      main: `${root}worker/test/entry.ts`,
      wrangler: { configPath: `${root}wrangler.toml` },
      miniflare: {
        bindings: { ...bindings, MIGRATIONS: await readD1Migrations(`${root}migrations`), BUILDS: await builtBuilds() },
      },
    })),
  ],
  test: {
    name: "worker",
    root,
    include: ["worker/**/*.test.ts", "worker/**/*.test.tsx"],
    setupFiles: [`${root}worker/test/setup.ts`],
    isolate: false,
    testTimeout: 60_000,
  },
});
