import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { scenarios } from "../../conformance/interface/costs.ts";
import { costsPage, type Measured } from "../../conformance/interface/costs-page.ts";
import { ensureBuilt } from "../build.mjs";
import { root } from "./asc.mjs";
import { costsPath, measure } from "./costs.mjs";

let measured: Measured[];
beforeAll(async () => {
  await ensureBuilt(() => {});
  measured = await measure();
});
const counters = (name: string, scenario: string, scope: number) =>
  measured.find((build) => build.name === name)?.scenarios[scenario]?.[scope] ?? {};

describe.each(["native", "kvm"] as const)("transitions of %s", (name) => {
  it("are the published ones, or the difference is explained and real", () => {
    for (const { id, scopes } of scenarios)
      for (const [at, { title, published, differs }] of scopes.entries()) {
        const same = (counters(name, id, at).transitions ?? 0) === published[name];
        expect(same, `${id}, ${title}: ${JSON.stringify(counters(name, id, at))}`).toBe(differs?.[name] === undefined);
      }
  });
});

describe("full virtualisation", () => {
  it("executes the guest instructions of native and pays by transitions", () => {
    for (const id of ["irq-toggle", "map-page", "flush-remote", "ipi-fan-out", "idle"])
      for (const at of scenarios.find((scenario) => scenario.id === id)?.scopes.keys() ?? []) {
        const [bare, virtual] = [counters("native", id, at), counters("fullvirt", id, at)];
        expect(virtual.guest_instructions).toBe(bare.guest_instructions);
        expect(virtual.locked).toBe(bare.locked);
        expect(virtual.transitions).toBeGreaterThan(0);
        expect(virtual.host_instructions).toBeGreaterThan(0);
      }
  });
});

it("docs/costs.md has these numbers", () => {
  expect(readFileSync(join(root, costsPath), "utf8")).toBe(costsPage(measured));
});
