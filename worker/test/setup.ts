import { applyD1Migrations, env, reset } from "cloudflare:test";
import { beforeEach } from "vitest";
import { forgetKept } from "../registry/kept.ts";

beforeEach(async () => {
  forgetKept();
  await reset();
  await applyD1Migrations(env.DB, env.MIGRATIONS);
});
