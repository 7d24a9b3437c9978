import { env, reset } from "cloudflare:test";
import { beforeEach } from "vitest";
import { forgetKept } from "../registry/kept.ts";
import { endConsumers, openQueue, shutQueue } from "./entry.ts";

const RESETS_MAX = 5;

/** Rows that the connection had changed when the tables were new: as long as it says so, nobody has written. */
let changesWhenNew: number | null = null;

// Runs have the same ids in every test that submits the same build: what the queue still consumes, or delivers late or again,
// would go on in the storage of the next test. So it is shut until the storage is empty, and consumers end first.
beforeEach(async () => {
  forgetKept();
  shutQueue();
  await endConsumers(env);
  await renewStorage();
  openQueue();
});

async function renewStorage(): Promise<void> {
  if (changesWhenNew !== null && (await isUntouched(changesWhenNew))) return;
  await emptyStorage();
  await env.DB.batch(env.MIGRATIONS.flatMap(({ queries }) => queries.map((query) => env.DB.prepare(query))));
  changesWhenNew = await changes();
}

/** Whoever still holds the storage open makes a reset do nothing: then once more. */
async function emptyStorage(): Promise<void> {
  for (let tries = 0; tries < RESETS_MAX; tries++) {
    await reset();
    await endConsumers(env);
    const tables = await env.DB.prepare("SELECT count(*) AS n FROM sqlite_master WHERE name = 'runs'").first<number>(
      "n",
    );
    if (tables === 0) return;
  }
  throw new Error(`The storage was not empty after ${RESETS_MAX} resets.`);
}

async function isUntouched(then: number): Promise<boolean> {
  const [now, blobs] = await Promise.all([changes(), env.BLOBS.list({ limit: 1 })]);
  return now === then && blobs.objects.length === 0;
}

async function changes(): Promise<number> {
  return (
    (await env.DB.prepare("SELECT total_changes() AS n")
      .first<number>("n")
      .catch(() => null)) ?? -1
  );
}
