// The parts of the test runtime that our tests use. The plugin's own types need the Workers globals, which clash with lib "webworker".
declare module "cloudflare:test" {
  export const env: import("../env.ts").Env & {
    MIGRATIONS: { name: string; queries: string[] }[];
    /** JSON of EncodedBuild[] (builds.ts). */
    BUILDS: string;
  };
  export const SELF: { fetch(input: string | Request, init?: RequestInit): Promise<Response> };
  export function reset(): Promise<void>;
  export function applyD1Migrations(
    db: import("@cloudflare/workers-types").D1Database,
    migrations: { name: string; queries: string[] }[],
  ): Promise<void>;
  export function createExecutionContext(): import("@cloudflare/workers-types").ExecutionContext;
  export function waitOnExecutionContext(ctx: import("@cloudflare/workers-types").ExecutionContext): Promise<void>;
  export function createScheduledController(options?: {
    scheduledTime?: Date | number;
    cron?: string;
  }): import("@cloudflare/workers-types").ScheduledController;
  export function createMessageBatch<Body>(
    queue: string,
    messages: { id: string; timestamp: Date | number; attempts: number; body: Body }[],
  ): import("@cloudflare/workers-types").MessageBatch<Body>;
  export function getQueueResult(
    batch: import("@cloudflare/workers-types").MessageBatch,
    ctx: import("@cloudflare/workers-types").ExecutionContext,
  ): Promise<{ outcome: string; ackAll: boolean; explicitAcks: string[]; retryMessages: { msgId: string }[] }>;
}
