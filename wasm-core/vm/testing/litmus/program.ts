/**
 * Litmus programs as text: roles between `|`, instructions between spaces.
 *
 *   x=1       store          a=x      load into register a
 *   x<-1      xchg           a=x<-1   xchg, the old value into a
 *   mfence    sfence lfence
 *
 * Shared words are x, y and z, all 0 at first; registers have one letter, different ones in all roles.
 */
export const variables = ["x", "y", "z"] as const;
export type Variable = (typeof variables)[number];

export type Instruction =
  | { kind: "load"; variable: Variable; register: string }
  | { kind: "store"; variable: Variable; value: number }
  | { kind: "xchg"; variable: Variable; value: number; register: string | null }
  | { kind: "mfence" | "sfence" | "lfence" };

/** Instructions of each role. */
export type Program = Instruction[][];

/** @throws Error naming the word that is no instruction */
export function parseProgram(text: string): Program {
  return text.split("|").map((role) => role.trim().split(" ").map(parseInstruction));
}

function parseInstruction(word: string): Instruction {
  if (word === "mfence" || word === "sfence" || word === "lfence") return { kind: word };
  const [, register, variable, value] = /^(?:([a-w])=)?([xyz])(?:<-(\d))?$/.exec(word) ?? [];
  if (value !== undefined)
    return { kind: "xchg", variable: variable as Variable, value: Number(value), register: register ?? null };
  if (register !== undefined) return { kind: "load", variable: variable as Variable, register };
  const [, stored, constant] = /^([xyz])=(\d)$/.exec(word) ?? [];
  if (stored !== undefined) return { kind: "store", variable: stored as Variable, value: Number(constant) };
  throw new Error(`"${word}" is no instruction of a litmus program`);
}

/** Registers of a role in the order in which they are written. */
export function registersOf(role: readonly Instruction[]): string[] {
  return role.flatMap((instruction) => ("register" in instruction && instruction.register ? [instruction.register] : []));
}

/** A final state in words: registers in order, then the shared words that any role writes, e.g. "a=0 b=1 x=1 y=1". */
export function describeState(program: Program, value: (name: string) => number): string {
  const written = variables.filter((name) =>
    program.flat().some((instruction) => "value" in instruction && instruction.variable === name),
  );
  return [...program.flatMap(registersOf), ...written].map((name) => `${name}=${value(name)}`).join(" ");
}
