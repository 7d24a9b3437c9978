import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { machineOps } from "../../wasm-core/machine/ops-table.ts";
import { clauses, exportName, ops } from "./catalogue.ts";
import { constants } from "./constants.ts";
import { hostImports } from "./host.ts";
import { machineImports } from "./machine.ts";
import { fn, type ImportedFunction, profiles } from "./schema.ts";
import { testImports } from "./test.ts";

describe("the catalogue", () => {
  it("names every op once, as group.name", () => {
    expect(new Set(ops.map(({ id }) => id)).size).toBe(ops.length);
    for (const { id } of ops) expect(id).toMatch(/^[a-z]+\.[a-z0-9_]+$/);
    expect(new Set(ops.map(({ id }) => exportName(id))).size).toBe(ops.length);
  });

  it("gives every op a tier in every profile", () => {
    for (const { id, tiers } of ops) expect(Object.keys(tiers).sort(), id).toEqual([...profiles].sort());
  });

  it("numbers the clauses of every op from 1 without gaps, and no op has none", () => {
    for (const { id, clauses } of ops) {
      expect(clauses.length, id).toBeGreaterThan(0);
      expect(
        clauses.map(({ n }) => n),
        id,
      ).toEqual(clauses.map((_, i) => i + 1));
    }
  });

  it("states each clause in one sentence with a source that a reader can look up", () => {
    for (const { id, text, source } of clauses) {
      expect(text, id).toMatch(/^[^.]*(?:[a-z0-9]\.[a-z0-9][^.]*)*\.$/);
      expect(source, id).not.toMatch(/^$|§|\bT-[A-Z]+-\d/);
    }
    expect(new Set(clauses.map(({ id }) => id)).size).toBe(clauses.length);
  });

  it("has no fallible op without a result, and no void op that is fallible", () => {
    for (const { id, fallible, result } of ops) expect(!fallible || result !== "void", id).toBe(true);
  });

  it("gives no name of one SDK file to two numbers", () => {
    for (const [file, numbers] of Object.entries(constants))
      expect(new Set(numbers.map(({ name }) => name)).size, file).toBe(numbers.length);
  });

  it("refuses a signature that it cannot read", () => {
    expect(() => fn("x", "(a f32)", "")).toThrow('parameter "a f32"');
    expect(() => fn("x", "a i32 -> i32", "")).toThrow('signature "a i32 -> i32"');
  });
});

describe("import tables", () => {
  const short = { i32: "i", i64: "I", void: "" };
  const words = ({ name, params, result }: ImportedFunction) =>
    `${name}:${params.map(({ type }) => short[type]).join("")}>${short[result]}`;
  const lines = (table: string) =>
    table
      .trim()
      .split("\n")
      .map((line) => line.slice(2));

  // The VM's own file is AssemblyScript with decorators, which Node cannot load: read the literals.
  const source = readFileSync(new URL("../../wasm-core/vm/imports.ts", import.meta.url), "utf8");
  const literal = (name: string) => source.split(`export const ${name}: string = \``)[1]?.split("`")[0] ?? "";

  it.each([
    ["machine", machineImports, machineOps],
    ["host", hostImports, literal("hostOps")],
    ["test", testImports, literal("testOps")],
  ] as const)("%s.* are what the VM serves", (_, imports, table) => {
    expect(imports.map(words).sort()).toEqual(lines(table).sort());
  });
});
