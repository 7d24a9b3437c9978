import { validate } from "@scalar/openapi-parser";
import { describe, expect, it } from "vitest";
import { app } from "../app.ts";
import { call } from "../test/requests.ts";
import { openapiText } from "./openapi.ts";

interface Operation {
  operationId: string;
  summary?: string;
  tags?: string[];
  security?: unknown;
  requestBody?: unknown;
  parameters?: { name: string; in: string }[];
  responses: Record<string, { description: string; content?: Record<string, unknown> }>;
}

const paths = (JSON.parse(openapiText()) as { paths: Record<string, Record<string, Operation>> }).paths;
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

describe("/openapi.json", () => {
  it("is the checked-in copy (run with -u after a change of the API)", async () => {
    await expect(openapiText()).toMatchFileSnapshot("../openapi.json");
    const response = await call("/openapi.json");
    expect(await response.text()).toBe(openapiText());
  });

  it("is valid OpenAPI 3.1", async () => {
    const { valid, errors } = await validate(openapiText());
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });

  it("has only patterns that a validator can compile, without flags", () => {
    const patterns = Array.from(openapiText().matchAll(/"pattern": ("(?:[^"\\\\]|\\\\.)*")/g), ([, text]) =>
      JSON.parse(text ?? ""),
    );
    expect(patterns.length).toBeGreaterThan(10);
    for (const pattern of patterns) {
      expect(() => new RegExp(pattern, "u"), pattern).not.toThrow();
      expect(pattern, "a flag would be read as text").not.toMatch(/\$\/[a-z]+$/);
    }
  });

  it("describes every operation: summary, tag, every path parameter, and its refusals", () => {
    const { tags } = JSON.parse(openapiText()) as { tags: { name: string }[] };
    for (const { path, method, operation } of operations) {
      const told = `${method} ${path}`;
      expect(operation.summary?.length, told).toBeGreaterThan(5);
      expect(
        tags.map(({ name }) => name),
        told,
      ).toEqual(expect.arrayContaining(operation.tags ?? ["none"]));
      const named = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => name);
      const params = (operation.parameters ?? []).filter(({ in: where }) => where === "path").map(({ name }) => name);
      expect(params, told).toEqual(named);
      if (operation.security)
        expect(Object.keys(operation.responses), told).toEqual(expect.arrayContaining(["401", "403"]));
      if (operation.requestBody)
        expect(Object.keys(operation.responses), told).toEqual(expect.arrayContaining(["411", "413"]));
    }
  });

  it("tells every route of the API, and no other", () => {
    const told = operations.map(({ path, method }) => `${method.toUpperCase()} ${path}`);
    const served = app.routes
      .filter(({ method, path }) => method !== "ALL" && /^\/(api|hooks)\//.test(path))
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
    expect(told.filter((route) => !route.includes("/badge/")).sort()).toEqual([...new Set(served)].sort());
  });

  it("gives every operation a name of its own, and every error as problem+json", () => {
    const names = operations.map(({ operation }) => operation.operationId);
    expect(new Set(names).size).toBe(names.length);
    for (const { path, operation } of operations) {
      for (const [status, { content }] of Object.entries(operation.responses)) {
        const type = Number(status) < 400 ? undefined : "application/problem+json";
        if (type) expect(Object.keys(content ?? {}), `${path} ${status}`).toEqual([type]);
      }
    }
  });
});
