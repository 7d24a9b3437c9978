import type { MessageBatch } from "@cloudflare/workers-types";
import { now } from "../clock.ts";
import { reasonOf } from "../db/client.ts";
import type { Env, ShardMessage } from "../env.ts";
import { logFailure } from "../log.ts";
import { consumeShard, noteFailure } from "./run-shard.ts";
import { endEarly } from "./transition.ts";

/** Queue of messages that failed for good (wrangler.toml). */
export const DEAD_QUEUE = "parley-shards-dead";

export const RETRY_DELAY_S = 2;

/** Each message is answered by itself: one bad shard does not bring its neighbours back. */
export async function consume(env: Env, batch: MessageBatch<ShardMessage>): Promise<void> {
  for (const message of batch.messages) {
    try {
      if (batch.queue === DEAD_QUEUE) await bury(env, message.body);
      else await consumeShard(env, message.body);
      message.ack();
    } catch (error) {
      logFailure("shard", { ...message.body }, error);
      await noteFailure(env, message.body, reasonOf(error)).catch(() => {});
      message.retry({ delaySeconds: RETRY_DELAY_S });
    }
  }
}

/** A message that the queue gave up on: its run ends, and says why. */
async function bury(env: Env, { run, shard }: ShardMessage): Promise<void> {
  const row = await env.DB.prepare("SELECT error, done FROM shards WHERE run = ? AND shard = ?")
    .bind(run, shard)
    .first<{ error: string | null; done: number }>();
  const reason = row?.error ?? "the queue gave up on its message";
  await endEarly(env, run, "abandoned", now(env), `Shard ${shard} failed for good: ${reason}.`);
}
