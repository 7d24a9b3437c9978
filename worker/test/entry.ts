// The Worker as tests run it: its queue can be shut between two tests, and what it is consuming can be waited for.
import type { MessageBatch } from "@cloudflare/workers-types";
import type { Env, ShardMessage } from "../env.ts";
import worker from "../index.ts";

export { Live } from "../live/live.ts";

interface Consumers {
  /** Batches that are being consumed now. */
  atWork: number;
  /** Messages sent before this time, in ms since 1970, belong to a test that is over. */
  openSince: number;
}

/** Of the isolate: each test file has modules of its own, and a batch outlives the file that caused it. */
const home = globalThis as { consumers?: Consumers };
home.consumers ??= { atWork: 0, openSince: 0 };
const consumers = home.consumers;

const POLL_MS = 2;
/** No unit runs for that long; a consumer that was cut off never says that it ended. */
const END_MAX_MS = 30_000;

export default {
  ...worker,
  async queue(batch: MessageBatch<ShardMessage>, env: Env): Promise<void> {
    const messages = batch.messages.filter((message) => {
      const isOld = message.timestamp.getTime() < consumers.openSince;
      if (isOld) message.ack();
      return !isOld;
    });
    if (messages.length === 0) return;
    consumers.atWork += 1;
    try {
      await worker.queue({ queue: batch.queue, messages } as unknown as MessageBatch<ShardMessage>, env);
    } finally {
      consumers.atWork -= 1;
    }
  },
};

/** From now on nothing that was sent before is consumed, nor what is sent until `openQueue`. */
export function shutQueue(): void {
  consumers.openSince = Number.POSITIVE_INFINITY;
}

export function openQueue(): void {
  consumers.openSince = Date.now();
}

/** Ends every run that the queue is still busy with, and waits until nobody consumes. */
export async function endConsumers({ DB }: Env): Promise<void> {
  const deadline = Date.now() + END_MAX_MS;
  while (consumers.atWork > 0) {
    if (Date.now() > deadline) throw new Error(`${consumers.atWork} consumers of the test before do not end.`);
    await DB.exec(
      `UPDATE runs SET state = 'cancelled', reason = 'its test is over', state_actor = 'test', next_at = NULL WHERE next_at IS NOT NULL`,
    ).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
