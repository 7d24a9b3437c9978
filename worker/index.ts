import type { ExecutionContext, MessageBatch, ScheduledController } from "@cloudflare/workers-types";
import { app } from "./app.ts";
import { now } from "./clock.ts";
import type { Env, ShardMessage } from "./env.ts";
import { consume } from "./pipeline/consumer.ts";
import { noteRequest } from "./pipeline/engine.ts";
import { sweep } from "./pipeline/sweeper.ts";

/** A local server names this instead of a cron when it starts: its queues are empty and no consumer lives. */
const START = "start";

export { Live } from "./live/live.ts";

export default {
  fetch(request: Request, env: Env, ctx: ExecutionContext) {
    noteRequest();
    return app.fetch(request, env, ctx);
  },
  queue(batch: MessageBatch<ShardMessage>, env: Env) {
    return consume(env, batch);
  },
  async scheduled(controller: ScheduledController, env: Env) {
    await sweep(env, now(env), controller.cron === START);
  },
};
