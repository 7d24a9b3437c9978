import { type RouteConfig, z } from "@hono/zod-openapi";
import { operation } from "./operation.ts";
import { RunId } from "./schemas/common.ts";
import { AcceptedBuild, CancelledRun } from "./schemas/submit.ts";

/** Following runs, and what a vendor may do to its own. */
export const runOperations: RouteConfig[] = [
  operation("get", "/api/v1/runs/{id}/live", {
    id: "followRun",
    tag: "Read",
    summary: "State and progress of a run as server-sent events, until it ends; GET /api/v1/runs/{id} says the same",
    params: { id: RunId },
    headers: {
      "Last-Event-ID": z.string().optional().openapi({ description: "`end`: answered with 204 once it ended." }),
    },
    answer: {
      status: 200,
      says: "Events `state` and, last, `end`; each holds the whole state.",
      type: "text/event-stream",
    },
    problems: ["malformed-request", "not-found", "unavailable"],
  }),
  operation("post", "/api/v1/runs/{id}/cancel", {
    id: "cancelRun",
    tag: "Submit",
    summary: "End a run of the vendor's that is not final",
    secured: true,
    params: { id: RunId },
    answer: { status: 200, says: "The run is cancelled.", schema: CancelledRun },
    problems: ["malformed-request", "not-found", "run-finished"],
  }),
  operation("post", "/api/v1/runs/{id}/rerun", {
    id: "repeatRun",
    tag: "Submit",
    summary:
      "Run the build of a run again under the current suite; the attempt under way, if there is one, is the answer",
    secured: true,
    params: { id: RunId },
    answer: { status: 202, says: "The attempt exists.", schema: AcceptedBuild },
    problems: ["malformed-request", "not-found", "quota-exceeded"],
  }),
];
