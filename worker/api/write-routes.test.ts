// Every write route that /openapi.json tells: a new one is tested here without being named, or fails until it can be.
import { createExecutionContext, env } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { app } from "../app.ts";
import { newToken } from "../identity/token.ts";
import { filled, makeObjects, type Objects } from "../test/objects.ts";
import { bearer, ORIGIN, problemOf, registerVendor } from "../test/requests.ts";
import { openapiText } from "./openapi.ts";

interface Operation {
  operationId: string;
  summary: string;
  security?: unknown;
  requestBody?: { content: Record<string, unknown> };
  responses: Record<string, unknown>;
}

const { paths } = JSON.parse(openapiText()) as { paths: Record<string, Record<string, Operation>> };
const writes = Object.entries(paths).flatMap(([path, { post }]) => (post ? [{ path, ...post }] : []));
const secured = writes.filter(({ security }) => security);
const withBody = writes.flatMap(({ requestBody, ...rest }) =>
  requestBody ? [{ ...rest, type: Object.keys(requestBody.content)[0] ?? "" }] : [],
);

/** Ways in that prove who they are by something else than a token, or are open to all. */
const open = ["createVendor", "exchangeOidcToken", "submitByGithub", "submitByHook", "validateBuild"];

/** A body that is well-formed for most routes; authority is asked before it is read. */
const valid: Record<string, object> = {
  commitReproduction: { reportDigest: `sha256:${"0".repeat(64)}` },
  closeDispute: { outcome: "dismissed", reason: "x" },
  revokeBuild: { reason: "x" },
  revokeKey: { reason: "unused" },
};

let objects: Objects;

beforeEach(async () => {
  objects = await makeObjects();
});

function send(
  { path, operationId, requestBody }: (typeof writes)[number],
  headers: Record<string, string>,
): Promise<Response> {
  const type = Object.keys(requestBody?.content ?? {})[0];
  const body = JSON.stringify(valid[operationId] ?? {});
  const described: Record<string, string> = type ? { "Content-Type": type, "Content-Length": String(body.length) } : {};
  const init = { method: "POST", headers: { ...described, ...headers }, ...(type ? { body } : {}) };
  return Promise.resolve(
    app.request(`${ORIGIN}${filled(path, objects)}`, init, env, createExecutionContext() as never),
  );
}

const tables = [
  "vendors",
  "tokens",
  "hooks",
  "hook_secrets",
  "publishers",
  "vendor_keys",
  "builds",
  "runs",
  "revocations",
  "events",
];

/** Counts of every table that a write route adds to; whatever changes a row adds an event as well. */
async function state(): Promise<string> {
  const counts = tables.map((table) => `(SELECT count(*) FROM ${table})`).join(", ");
  const row = await env.DB.prepare(`SELECT ${counts}`).first();
  return JSON.stringify(row);
}

/** Asserts that a request is refused as a whole problem says. */
async function refused(what: Promise<Response>, status: number, label: string): Promise<string> {
  const response = await what;
  expect(response.status, label).toBe(status);
  return (await problemOf(response, status)).detail;
}

/** Nothing is changed by what is asked for. */
async function leavesAll(ask: () => Promise<void>): Promise<void> {
  const before = await state();
  await ask();
  expect(await state()).toBe(before);
}

describe("write routes", () => {
  it("are open to all only where this test says so", () => {
    const unsecured = writes.filter(({ security }) => !security).map(({ operationId }) => operationId);
    expect(unsecured.sort()).toEqual(open);
    expect(secured.length).toBeGreaterThan(15);
  });

  it("refuse no token, another scheme, and tokens that are malformed, mistyped or unknown", async () => {
    const { token } = objects;
    const mistyped = token.slice(0, -1) + (token.endsWith("0") ? "1" : "0");
    await leavesAll(async () => {
      for (const operation of secured) {
        for (const headers of [
          {},
          { Authorization: token },
          { Authorization: `Basic ${btoa(`x:${token}`)}` },
          bearer(token.slice(0, -1)),
          bearer(mistyped),
          bearer(`${token} ${token}`),
        ])
          await refused(send(operation, headers), 401, `${operation.operationId} ${JSON.stringify(headers)}`);
        const unknown = await send(operation, bearer(newToken()));
        expect([401, 403], operation.operationId).toContain(unknown.status);
      }
    });
  });

  it("refuse a token that has expired or was revoked, or whose scopes were taken away", async () => {
    for (const [change, statuses] of [
      ["revoked_at = 1", [401, 403]],
      ["revoked_at = NULL, expires_at = 1", [401, 403]],
      ["expires_at = NULL, scopes = 'positions'", [403]],
      ["scopes = ''", [403]],
    ] as const) {
      await env.DB.exec(`UPDATE tokens SET ${change}`);
      const before = await state();
      for (const operation of secured) {
        const { status } = await send(operation, bearer(objects.token));
        expect(statuses, `${operation.operationId} with ${change}`).toContain(status);
      }
      expect(await state()).toBe(before);
    }
  });

  it("let another vendor's token touch nothing of this vendor's", async () => {
    const other = await registerVendor("acme");
    await env.DB.exec("UPDATE vendors SET verified_at = 1");
    const addressed = secured.filter(
      ({ path, operationId }) => path.includes("{") && operationId !== "issueReproduction",
    );
    expect(addressed.length).toBeGreaterThan(10);
    for (const operation of addressed) {
      const before = await state();
      const { status } = await send(operation, bearer(other));
      expect([403, 404], operation.operationId).toContain(status);
      expect(await state(), operation.operationId).toBe(before);
    }
  });

  it("of the mediator refuse a vendor's token, and the mediator's token acts for no vendor", async () => {
    const mediated = secured.filter(({ summary }) => summary.includes("(mediator)"));
    expect(mediated.map(({ operationId }) => operationId).sort()).toEqual(["closeDispute", "verifyVendor"]);
    for (const operation of mediated) await refused(send(operation, bearer(objects.token)), 403, operation.operationId);
    const both = [...mediated.map(({ operationId }) => operationId), "revokeBuild"];
    for (const operation of secured.filter(({ operationId }) => !both.includes(operationId)))
      await refused(send(operation, bearer(env.MEDIATOR_TOKEN)), 401, operation.operationId);
  });
});

describe("bodies of write routes", () => {
  /** With the right credentials where one is needed, so that it is the body that is refused. */
  const ask = (path: string, operationId: string, init: { body?: BodyInit; headers: Record<string, string> }) => {
    const token = operationId === "closeDispute" ? env.MEDIATOR_TOKEN : objects.token;
    const authorization = open.includes(operationId) ? {} : bearer(token);
    const hook = path.replace("/{id}", "/none").startsWith("/hooks/") ? path.replace("{id}", "none") : null;
    const address = hook ?? filled(path, objects);
    const headers = { ...authorization, ...init.headers };
    const all = { method: "POST", ...init, headers } as RequestInit;
    return Promise.resolve(app.request(`${ORIGIN}${address}`, all, env, createExecutionContext() as never));
  };

  it("may not lack a length, be above the limit, of a wrong type, or cut off", async () => {
    expect(withBody.length).toBeGreaterThan(10);
    await leavesAll(async () => {
      for (const { operationId, path, type } of withBody) {
        const text = "{";
        const sized = (length: number | string) => ({ "Content-Type": type, "Content-Length": String(length) });
        const stream = () => new Response(text).body as ReadableStream;
        const streamed = { body: stream(), duplex: "half", headers: { "Content-Type": type } } as never;
        await refused(ask(path, operationId, streamed), 411, `${operationId}: no length`);
        await refused(
          ask(path, operationId, { body: text, headers: sized("12x") }),
          411,
          `${operationId}: a length in words`,
        );
        await refused(
          ask(path, operationId, { body: text, headers: sized(99_000_000) }),
          413,
          `${operationId}: too large`,
        );
        const other = { ...sized(1), "Content-Type": "text/plain" };
        await refused(ask(path, operationId, { body: text, headers: other }), 415, `${operationId}: wrong type`);
        const cut = await refused(
          ask(path, operationId, { body: text, headers: sized(9) }),
          400,
          `${operationId}: cut off`,
        );
        expect(cut, operationId).toContain("Content-Length says 9");
      }
    });
  });
});
