// The Worker as tests run it: what its queue is consuming can be waited for.
import type { MessageBatch } from "@cloudflare/workers-types";
import type { Env, ShardMessage } from "../env.ts";
import worker from "../index.ts";

export { Live } from "../live/live.ts";

/** Of the isolate: each test file has modules of its own, and a batch outlives the file that caused it. */
const home = globalThis as { consumersAtWork?: Set<Promise<void>> };
home.consumersAtWork ??= new Set();
const atWork = home.consumersAtWork;

export default {
  ...worker,
  queue(batch: MessageBatch<ShardMessage>, env: Env): Promise<void> {
    const work = worker.queue(batch, env).finally(() => atWork.delete(work));
    atWork.add(work);
    return work;
  },
};

/** Ends every run that the queue is still busy with, and waits until nobody consumes. */
export async function endConsumers({ DB }: Env): Promise<void> {
  while (atWork.size > 0) {
    await DB.exec(
      `UPDATE runs SET state = 'cancelled', reason = 'its test is over', state_actor = 'test', next_at = NULL WHERE next_at IS NOT NULL`,
    ).catch(() => {});
    await Promise.allSettled(atWork);
  }
}
