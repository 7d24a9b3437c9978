// What the tests of protocols share: all outcomes of a unit's schedules, as sorted words.
import { expect } from "vitest";
import type { Vm } from "../../../conformance/runner/vm.ts";
import { unitFlags, type VmUnit } from "../../../conformance/runner/vm-structs.ts";
import { run, search } from "./harness.ts";

/** A search in which vCPUs are stolen from. */
export const steal = { ...search, flags: unitFlags.steal };

/** Outcome vectors of all schedules within the bound, each joined by spaces. */
export function outcomes(vm: Vm, what: VmUnit): string[] {
  const { outcomes, end, exhausted, failure } = run(vm, what);
  expect({ end, exhausted, reason: failure?.reason }).toEqual({ end: "ok", exhausted: 1, reason: undefined });
  return outcomes.map((vector) => vector.join(" ")).sort();
}

/** Asserts that the unit ends well with the clause of its number reached; on failure only what matters is shown. */
export function expectHolds(vm: Vm, what: VmUnit): void {
  const { end, reached, failure } = run(vm, what);
  const why = failure && { reason: failure.reason, clause: failure.clause, expected: failure.expected, seen: failure.seen };
  expect({ end, reached, why }).toEqual({ end: "ok", reached: [what.case], why: null });
}
