import type { Env } from "../env.ts";

type Bound = Pick<Env, "LIVE">;

/** The object that tells those who follow a run. */
function liveOf(env: Bound, run: string, method: "GET" | "POST"): Promise<Response> {
  const stub = env.LIVE.get(env.LIVE.idFromName(run));
  return stub.fetch(`https://live/${run}`, { method }) as unknown as Promise<Response>;
}

/** Says that a run moved. A failure holds up nothing: who follows the run reads it again by itself. */
export async function announce(env: Bound, run: string): Promise<void> {
  try {
    await liveOf(env, run, "POST");
  } catch {
    // The next beat of worker/live/live.ts tells.
  }
}

/** A stream of events until the run ends. @returns null if too many follow it already */
export async function follow(env: Bound, run: string): Promise<ReadableStream | null> {
  const response = await liveOf(env, run, "GET");
  return response.ok ? response.body : null;
}
