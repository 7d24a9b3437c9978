import type { AppContext } from "../api/app-env.ts";
import { type ProblemError, problemResponse } from "../problems.ts";
import { ProblemPage } from "./pages/problem.tsx";
import { markup, pageHeaders } from "./respond.ts";

/** True for a person's browser at an address for people: the API, hooks, badges and data answer programs. */
export function wantsPage(c: AppContext): boolean {
  const { path } = c.req;
  if (/^\/(api|hooks|badge)\//.test(path) || path.endsWith(".json")) return false;
  return /\btext\/html\b/.test(c.req.header("Accept") ?? "");
}

/** A refusal as problem+json, or as a page for people. */
export async function refuse(c: AppContext, problem: ProblemError): Promise<Response> {
  if (!wantsPage(c)) return problemResponse(problem, c.req.url);
  const body = await markup(<ProblemPage code={problem.code} detail={problem.message} />);
  return new Response(body, {
    status: problem.status,
    headers: { ...pageHeaders, ...problem.headers, "Cache-Control": "no-store", Vary: "Accept" },
  });
}
