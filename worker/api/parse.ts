import type { z } from "@hono/zod-openapi";
import { ProblemError } from "../problems.ts";

/** @throws ProblemError malformed-request if the bytes are not UTF-8 JSON, invalid-request with a pointer to each fault */
export function parseJson<Schema extends z.ZodType>(schema: Schema, bytes: Uint8Array): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new ProblemError("malformed-request", "The body is not JSON in UTF-8.");
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = result.error.issues.map((issue) => ({ pointer: pointer(issue.path), detail: issue.message }));
  throw new ProblemError("invalid-request", `${errors[0]?.pointer || "The body"}: ${errors[0]?.detail}`, { errors });
}

/** A value of the path. @throws ProblemError malformed-request */
export function parseParam<Schema extends z.ZodType>(
  schema: Schema,
  name: string,
  value: string | undefined,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ProblemError("malformed-request", `${name} in the address: ${result.error.issues[0]?.message}.`);
}

/** RFC 6901. */
function pointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
