/** Runs a litmus program in core.wasm: its half is booted beside the test kernel, whose case 38 calls it from every role. */
import { booted, run, unit } from "../harness.ts";
import { litmusHalf } from "./half.ts";
import { describeState, type Program, registersOf, variables } from "./program.ts";

const CASE = 38;
/** More preemptions than a program has instructions: the search is exhaustive. */
const BOUND = 40;
const SCHEDULES_MAX = 2_000_000;
/** First outcome slot of the shared words. */
const MEMORY_SLOT = 4;

export interface Explored {
  /** Final states, sorted, in the words of describeState. */
  outcomes: string[];
  exhausted: boolean;
  tried: number;
}

/** @throws Error if a schedule fails, which no litmus program can */
export async function exploreProgram(program: Program): Promise<Explored> {
  const vm = await booted("native", program.length, { guest: litmusHalf(program) });
  const what = unit(CASE, program.length, { strategy: 1, bound: BOUND, schedules_max: SCHEDULES_MAX });
  const { end, exhausted, outcomes, tried, failure } = run(vm, what);
  if (end !== "ok") throw new Error(`the search ended as ${end}: ${failure?.reason}`);
  const states = outcomes.map((slots) => describeState(program, (name) => valueOf(program, slots, name)));
  return { outcomes: states.sort(), exhausted: exhausted === 1, tried };
}

function valueOf(program: Program, slots: readonly string[], name: string): number {
  const word = variables.findIndex((variable) => variable === name);
  if (word >= 0) return Number(slots[MEMORY_SLOT + word]);
  const role = program.findIndex((instructions) => registersOf(instructions).includes(name));
  const at = registersOf(program[role] ?? []).indexOf(name);
  return Number((BigInt(slots[role] ?? 0) >> BigInt(8 * at)) & 255n);
}
