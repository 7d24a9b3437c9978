/**
 * The operational model of x86-TSO (Owens, Sarkar, Sewell: "A better x86 memory model: x86-TSO", TPHOLs 2009), written from the
 * paper: a FIFO write buffer per processor with forwarding; a locked instruction and MFENCE execute only on an empty buffer.
 */
import { describeState, type Instruction, type Program } from "./program.ts";

interface State {
  memory: Record<string, number>;
  registers: Record<string, number>;
  next: number[];
  buffers: [variable: string, value: number][][];
}

/** Every final state that some order of steps and drains reaches, sorted, in the words of describeState. */
export function modelOutcomes(program: Program): string[] {
  const found = new Set<string>();
  const visited = new Set<string>();
  const explore = (state: State): void => {
    const key = JSON.stringify(state);
    if (visited.has(key)) return;
    visited.add(key);
    const successors = program.flatMap((_, role) => [drained(state, role), stepped(program, state, role)]);
    const possible = successors.filter((next) => next !== null);
    for (const next of possible) explore(next);
    if (possible.length === 0)
      found.add(describeState(program, (name) => state.registers[name] ?? state.memory[name] ?? 0));
  };
  explore({ memory: {}, registers: {}, next: program.map(() => 0), buffers: program.map(() => []) });
  return [...found].sort();
}

function drained(state: State, role: number): State | null {
  const [oldest, ...rest] = state.buffers[role] ?? [];
  if (!oldest) return null;
  const buffers = state.buffers.map((buffer, at) => (at === role ? rest : buffer));
  return { ...state, buffers, memory: { ...state.memory, [oldest[0]]: oldest[1] } };
}

function stepped(program: Program, state: State, role: number): State | null {
  const instruction = program[role]?.[state.next[role] ?? 0];
  const buffer = state.buffers[role] ?? [];
  if (!instruction) return null;
  if ((instruction.kind === "xchg" || instruction.kind === "mfence") && buffer.length > 0) return null;
  const next = state.next.map((index, at) => (at === role ? index + 1 : index));
  return { ...state, next, ...effect(state, instruction, buffer, role) };
}

function effect(state: State, instruction: Instruction, buffer: State["buffers"][0], role: number): Partial<State> {
  if (instruction.kind === "load") {
    const { variable, register } = instruction;
    const own = buffer.findLast(([name]) => name === variable);
    return { registers: { ...state.registers, [register]: own ? own[1] : (state.memory[variable] ?? 0) } };
  }
  if (instruction.kind === "store") {
    const entry: [string, number] = [instruction.variable, instruction.value];
    return { buffers: state.buffers.map((other, at) => (at === role ? [...other, entry] : other)) };
  }
  if (instruction.kind !== "xchg") return {};
  const { variable, value, register } = instruction;
  const old = state.memory[variable] ?? 0;
  return {
    memory: { ...state.memory, [variable]: value },
    ...(register ? { registers: { ...state.registers, [register]: old } } : {}),
  };
}
