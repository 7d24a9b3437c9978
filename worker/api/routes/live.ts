import { Hono } from "hono";
import { follow } from "../../live/announce.ts";
import { END_ID, eventText, PREAMBLE } from "../../live/events.ts";
import { readProgress } from "../../live/progress.ts";
import { isFinal } from "../../pipeline/states.ts";
import { ProblemError } from "../../problems.ts";
import type { AppEnv } from "../app-env.ts";
import { parseParam } from "../parse.ts";
import { RunId } from "../schemas/common.ts";

const headers = { "Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store" };

export const liveRoutes = new Hono<AppEnv>().get("/api/v1/runs/:id/live", async (c) => {
  const id = parseParam(RunId, "The run", c.req.param("id"));
  const progress = await readProgress(c.env, id);
  if (!progress) throw new ProblemError("not-found", `Run ${id} is not in this registry.`);
  if (isFinal(progress.state)) {
    // 204 is the one answer after which a browser does not reconnect.
    if (c.req.header("Last-Event-ID") === END_ID) return c.body(null, 204);
    return c.body(`${PREAMBLE}${eventText(progress)}`, 200, headers);
  }
  const events = await follow(c.env, id);
  if (!events) {
    throw new ProblemError("unavailable", `Too many follow run ${id}; read /api/v1/runs/${id} from time to time.`, {
      headers: { "Retry-After": "2" },
    });
  }
  return c.body(events, 200, headers);
});
