import { env, SELF } from "cloudflare:test";
import { expect } from "vitest";

export const ORIGIN = "http://registry.test";

export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  action: string;
  errors?: { detail: string; pointer?: string; part?: string; code?: string }[];
}

/** A request as a client sends it: with the length of its body. */
export function call(
  path: string,
  init: Omit<RequestInit, "headers"> & { headers?: Record<string, string> } = {},
): Promise<Response> {
  const { body, headers = {} } = init;
  const length =
    typeof body === "string"
      ? new TextEncoder().encode(body).length
      : body instanceof Uint8Array
        ? body.length
        : undefined;
  const sized = length === undefined ? headers : { "Content-Length": String(length), ...headers };
  return SELF.fetch(`${ORIGIN}${path}`, { ...init, headers: sized });
}

export function postJson(path: string, value: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const body = typeof value === "string" ? value : JSON.stringify(value);
  return call(path, { method: "POST", body, headers: { "Content-Type": "application/json", ...headers } });
}

export async function jsonOf<T>(response: Response): Promise<T> {
  return (await response.json()) as T;
}

/** Asserts a whole problem: its status, its media type, and that it says what to do. */
export async function problemOf(response: Response, status: number): Promise<ProblemBody> {
  const problem = await jsonOf<ProblemBody>(response);
  expect(problem).toMatchObject({ status, title: expect.any(String), instance: expect.any(String) });
  expect(response.status).toBe(status);
  expect(response.headers.get("Content-Type")).toBe("application/problem+json");
  expect(problem.type).toMatch(/^http:\/\/registry\.test\/problems\/[a-z-]+$/);
  expect(Math.min(problem.detail.length, problem.action.length)).toBeGreaterThan(10);
  return problem;
}

export function bearer(token: string): Record<string, string> {
  return { Authorization: `Bearer ${token}` };
}

/** Registers a vendor through the API; @returns its token */
export async function registerVendor(slug: string): Promise<string> {
  const response = await postJson("/api/v1/vendors", { slug, name: slug }, bearer(env.MEDIATOR_TOKEN));
  if (response.status !== 201)
    throw new Error(`Registering ${slug} answered ${response.status}: ${await response.text()}`);
  return (await jsonOf<{ token: { value: string } }>(response)).token.value;
}

/** Rows of a table: what a refused request must not leave behind. */
export async function countRows(...tables: string[]): Promise<number> {
  const counts = tables.map((table) => env.DB.prepare(`SELECT count(*) AS n FROM ${table}`).first<{ n: number }>());
  return (await Promise.all(counts)).reduce((sum, row) => sum + (row?.n ?? 0), 0);
}
