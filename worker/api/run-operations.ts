import type { RouteConfig } from "@hono/zod-openapi";
import { operation, tokenProblems } from "./operation.ts";
import { RunId } from "./schemas/common.ts";
import { AcceptedBuild, CancelledRun } from "./schemas/submit.ts";

/** What a vendor may do to its own runs. */
export const runOperations: RouteConfig[] = [
  operation("post", "/api/v1/runs/{id}/cancel", {
    id: "cancelRun",
    tag: "Submit",
    summary: "End a run of the vendor's that is not final",
    secured: true,
    params: { id: RunId },
    answer: { status: 200, says: "The run is cancelled.", schema: CancelledRun },
    problems: [...tokenProblems, "malformed-request", "not-found", "run-finished"],
  }),
  operation("post", "/api/v1/runs/{id}/rerun", {
    id: "repeatRun",
    tag: "Submit",
    summary:
      "Run the build of a run again under the current suite; the attempt under way, if there is one, is the answer",
    secured: true,
    params: { id: RunId },
    answer: { status: 202, says: "The attempt exists.", schema: AcceptedBuild },
    problems: [...tokenProblems, "malformed-request", "not-found"],
  }),
];
