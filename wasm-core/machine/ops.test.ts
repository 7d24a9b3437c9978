import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { machineOps } from "./ops-table.ts";
import { Machine, opNames } from "./testing/machine.ts";

let m: Machine;
beforeAll(async () => {
  m = await Machine.load();
});

const source = (name: string) => readFileSync(new URL(name, import.meta.url), "utf8");

describe("import table of machine.*", () => {
  it("finds every name at its id, and no other", () => {
    for (const [id, name] of opNames.entries()) {
      m.private.set(new TextEncoder().encode(name));
      expect(m.h.lookup(name.length), name).toBe(id);
    }
    for (const name of ["load", "load640", "", "in_", "load8:I"]) {
      m.private.set(new TextEncoder().encode(name));
      expect(m.h.lookup(name.length), name).toBe(-1);
    }
  });

  it("gives the signatures of its lines", () => {
    for (const [id, line] of machineOps.trim().split("\n").entries()) {
      const [params = "", result = ""] = line.slice(line.indexOf(":") + 1).split(">");
      const code = (c: string | undefined) => (c === "i" ? 1 : c === "I" ? 2 : 0);
      let bits = code(result[0]) | (params.length << 2);
      for (let i = 0; i < params.length; i++) bits |= code(params[i]) << (8 + i * 2);
      expect(m.h.signature(id) >>> 0, line).toBe(bits >>> 0);
    }
  });

  it("has the order of enum MachineOp", () => {
    const body = source("ops.ts").match(/enum MachineOp \{([^}]*)\}/)?.[1] ?? "";
    const names = body
      .split(",")
      .map((name) => name.trim().replace(/_$/, ""))
      .filter(Boolean);
    expect(names).toEqual([...opNames, "count"]);
  });

  it("has one control row per instruction, all of one width", () => {
    const rows = (source("controls.ts").match(/controlRows: string = `([^`]*)`/)?.[1] ?? "").trimEnd().split("\n");
    expect(rows.map((row) => row.slice(0, 12).trim())).toEqual(
      opNames.slice(opNames.indexOf("pause"), opNames.indexOf("reg")),
    );
    for (const row of rows) expect(row).toMatch(/^.{12}[A-Z]{5} \d\d$/);
  });
});
