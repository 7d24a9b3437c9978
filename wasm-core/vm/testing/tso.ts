// An independent model of x86-TSO (Owens, Sarkar, Sewell: "A better x86 memory model: x86-TSO", 2009): all outcomes of a litmus program.

export type Instruction = { kind: "load" | "store" | "xchg" | "mfence"; variable: 0 | 1 };
/** One list of at most four instructions per role. */
export type Program = Instruction[][];

interface State {
  memory: [bigint, bigint];
  next: number[];
  buffers: [variable: 0 | 1, value: bigint][][];
  seen: bigint[];
}

const kinds = { load: 1, store: 2, xchg: 3, mfence: 4 };

/** The program as the unit's seed of case 26. */
export function encode(program: Program): bigint {
  let seed = 0n;
  program.forEach((instructions, role) => {
    instructions.forEach(({ kind, variable }, i) => {
      seed |= BigInt(2 * kinds[kind] + variable) << BigInt(4 * (4 * role + i));
    });
  });
  return seed;
}

/** Outcome vectors "seen0 … seen3 x y", sorted: reached by some order of steps and drains. */
export function outcomesOf(program: Program): string[] {
  const found = new Set<string>();
  const visited = new Set<string>();
  const explore = (state: State): void => {
    const key = JSON.stringify(state, (_, value) => (typeof value === "bigint" ? String(value) : value));
    if (visited.has(key)) return;
    visited.add(key);
    const successors = program.flatMap((_, role) => [drained(state, role), stepped(program, state, role)]);
    const possible = successors.filter((next) => next !== null);
    for (const next of possible) explore(next);
    if (possible.length === 0)
      found.add([...state.seen, ...Array(4 - program.length).fill(0n), ...state.memory].join(" "));
  };
  explore({
    memory: [0n, 0n],
    next: program.map(() => 0),
    buffers: program.map(() => []),
    seen: program.map(() => 0n),
  });
  return [...found].sort();
}

function drained(state: State, role: number): State | null {
  const oldest = state.buffers[role]?.[0];
  if (!oldest) return null;
  const copy = structuredClone(state);
  copy.memory[oldest[0]] = oldest[1];
  copy.buffers[role]?.shift();
  return copy;
}

function stepped(program: Program, state: State, role: number): State | null {
  const i = state.next[role] as number;
  const instruction = program[role]?.[i];
  if (!instruction) return null;
  const copy = structuredClone(state);
  const buffer = copy.buffers[role] as State["buffers"][0];
  const { kind, variable } = instruction;
  const value = BigInt(4 * role + i + 1);
  if ((kind === "xchg" || kind === "mfence") && buffer.length > 0) return null;
  const own = buffer.findLast(([at]) => at === variable);
  if (kind === "load")
    copy.seen[role] = (copy.seen[role] as bigint) | ((own ? own[1] : copy.memory[variable]) << BigInt(8 * i));
  if (kind === "store") buffer.push([variable, value]);
  if (kind === "xchg") {
    copy.seen[role] = (copy.seen[role] as bigint) | (copy.memory[variable] << BigInt(8 * i));
    copy.memory[variable] = value;
  }
  copy.next[role] = i + 1;
  return copy;
}
