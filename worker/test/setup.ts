import { applyD1Migrations, env, reset } from "cloudflare:test";
import { beforeEach } from "vitest";
import { forgetKept } from "../registry/kept.ts";

const RESETS_MAX = 5;

beforeEach(async () => {
  forgetKept();
  for (let tries = 0; tries < RESETS_MAX; tries++) {
    await reset();
    await applyD1Migrations(env.DB, env.MIGRATIONS);
    // A consumer of the test before may still hold the storage open: then nothing was reset.
    const left = await env.DB.prepare("SELECT count(*) AS n FROM events").first<number>("n");
    if (left === 0) return;
  }
  throw new Error(`The storage was not empty after ${RESETS_MAX} resets.`);
});
