import type { Accepted } from "../intake/submit.ts";
import type { AppContext } from "./app-env.ts";

/** 202 with the address of the run; the same for a build that was submitted before. */
export function accepted(c: AppContext, { build, run, created }: Accepted): Response {
  const { origin } = new URL(c.req.url);
  const url = `${origin}/api/v1/runs/${run.id}`;
  return c.json({ build, run: { id: run.id, state: run.state, url }, created }, 202, {
    Location: url,
    "Cache-Control": "no-store",
  });
}
