// One route as OpenAPI describes it.
import { type RouteConfig, z } from "@hono/zod-openapi";
import { type ProblemCode, problemTypes } from "../problems.ts";
import { Problem } from "./schemas/common.ts";

const bearer = [{ token: [] }];
const bodyProblems: ProblemCode[] = ["malformed-request", "length-required", "too-large", "unsupported-media-type"];
export const tokenProblems: ProblemCode[] = ["unauthenticated", "forbidden"];

type Method = "get" | "post";

interface Told {
  id: string;
  tag: "Submit" | "Read" | "Identity" | "Trust";
  summary: string;
  /** Name of the path parameter → schema. */
  params?: Record<string, z.ZodType>;
  query?: Record<string, z.ZodType>;
  headers?: Record<string, z.ZodType>;
  body?: { type: string; schema: z.ZodType } | undefined;
  answer: { status: number; says: string; type?: string; schema?: z.ZodType };
  /** A second good answer. */
  also?: { status: number; says: string; schema: z.ZodType };
  /** Beside those that every call with a token, and every call with a body, may be refused with. */
  problems?: ProblemCode[];
  /** Needs a bearer token. */
  secured?: boolean;
}

/** A body of JSON. */
export function json(schema: z.ZodType): Told["body"] {
  return { type: "application/json", schema };
}

export function operation(method: Method, path: string, told: Told): RouteConfig {
  const { answer, body, params, query, headers, problems = [] } = told;
  const content = { [answer.type ?? "application/json"]: { schema: answer.schema ?? z.string() } };
  return {
    method,
    path,
    operationId: told.id,
    tags: [told.tag],
    summary: told.summary,
    ...(told.secured ? { security: bearer } : {}),
    request: {
      ...(params ? { params: z.object(params) } : {}),
      ...(query ? { query: z.object(query) } : {}),
      ...(headers ? { headers: z.object(headers) } : {}),
      ...(body ? { body: { required: true, content: { [body.type]: { schema: body.schema } } } } : {}),
    },
    responses: {
      [answer.status]: { description: answer.says, content },
      ...(told.also
        ? {
            [told.also.status]: {
              description: told.also.says,
              content: { "application/json": { schema: told.also.schema } },
            },
          }
        : {}),
      ...problemAnswers([...(told.secured ? tokenProblems : []), ...(body ? bodyProblems : []), ...problems]),
    },
  };
}

/** One response per status: codes that share one are named together. */
function problemAnswers(codes: readonly ProblemCode[]) {
  const byStatus = Map.groupBy(codes, (code) => problemTypes[code][0]);
  const content = { "application/problem+json": { schema: Problem } };
  return Object.fromEntries(
    [...byStatus].map(([status, named]) => [
      String(status),
      { description: named.map((code) => `${code}: ${problemTypes[code][1]}.`).join(" "), content },
    ]),
  );
}
