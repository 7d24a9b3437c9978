import type { Env } from "./env.ts";

/** Name of the header that sets the time of one request where the binding TEST_CLOCK exists. */
export const CLOCK_HEADER = "X-Parley-Now";

/** The only place that reads the wall clock. @returns ms since 1970 */
export function now(env: Pick<Env, "TEST_CLOCK">, request?: { headers: { get(name: string): string | null } }): number {
  const told = env.TEST_CLOCK ? Date.parse(request?.headers.get(CLOCK_HEADER) ?? "") : Number.NaN;
  return Number.isNaN(told) ? Date.now() : told;
}

/** ISO 8601 UTC with seconds, as the API and pages write times. */
export function iso(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
