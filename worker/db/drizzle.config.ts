import { defineConfig } from "drizzle-kit";

/** `npx drizzle-kit generate --config worker/db/drizzle.config.ts` after a change of schema.ts; triggers with `--custom`. */
export default defineConfig({ dialect: "sqlite", schema: "./worker/db/schema.ts", out: "./migrations" });
