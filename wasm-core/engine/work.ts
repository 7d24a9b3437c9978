// Steps of loading one module. What an instruction costs to validate may depend on the types it names (a call of a thousand
// parameters is two bytes), so these steps are counted and end at a limit: loading takes bounded time whatever a module repeats.
import { E_LIMIT, fail } from "./errors";
import { engineLimits } from "./limits";
import { offset } from "./reader";

/** Steps since workStart: one for an instruction, an operand that is typed, 8 bytes of names or types compared, 64 locals. */
export let work: u32 = 0;

export function workStart(): void {
  work = 0;
}

export function addWork(steps: u32): void {
  work += steps;
  if (work > engineLimits.loadSteps) fail(E_LIMIT, offset(), "the module takes more steps to validate than the engine's limit");
}
