import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hostImports } from "../../conformance/interface/host.ts";
import type { ImportedFunction } from "../../conformance/interface/schema.ts";
import { testImports } from "../../conformance/interface/test.ts";

const source = readFileSync(new URL("./imports.ts", import.meta.url), "utf8");

/** Lines `letter name:parameters>results` of a table. */
function table(name: string): string[] {
  const text = new RegExp(`${name}: string = \`([^\`]*)\``).exec(source)?.[1] ?? "";
  return text.trim().split("\n");
}

function members(name: string): string[] {
  const text = new RegExp(`enum ${name} \\{([^}]*)\\}`).exec(source)?.[1] ?? "";
  return text.split(",").flatMap((word) => (word.trim() ? [word.trim()] : []));
}

const letter = (type: string) => (type === "i32" ? "i" : "I");
const shapeOf = ({ name, params, result }: ImportedFunction) =>
  `${name}:${params.map(({ type }) => letter(type)).join("")}>${result && result !== "void" ? letter(result) : ""}`;

describe.each([
  ["hostOps", "HostOp", hostImports],
  ["testOps", "TestOp", testImports],
] as const)("%s", (tableName, enumName, imports) => {
  it("has the ids of its enum", () => {
    expect(table(tableName).map((line) => line.slice(2).split(":")[0])).toEqual(members(enumName));
  });

  it("has the names and types of the interface", () => {
    const lines = table(tableName).map((line) => line.slice(2));
    expect(lines.sort()).toEqual(imports.map(shapeOf).sort());
  });
});
