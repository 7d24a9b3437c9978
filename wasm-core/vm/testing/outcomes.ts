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

/** How a unit ended, what it reached, and of a failure only what matters: null if there is none. */
export function verdictOf(vm: Vm, what: VmUnit): object {
  const { end, reached, failure } = run(vm, what);
  const why = failure && { reason: failure.reason, clause: failure.clause, expected: failure.expected, seen: failure.seen };
  return { end, reached, why };
}
