// How operands lie in code words, and the AssemblyScript text that reads them. `at` is the operation's byte distance from pc:
// 0 when it is dispatched by itself, more when it is part of a fused sequence.
//
//   binary   SS |op d a b|   SI |op d a .|imm64|   AS |op d b .|   SA |op d a .|   AI |op d . .|imm64|
//   unary    S  |op d a .|   A  |op d . .|
//   load     S  |op d off32|a|   A |op d off32|
//   store    SS |op a off32|v|   SI |op a off32|imm64|   AS |op v off32|   SA |op a off32|   AI |op . off32|imm64|
//   branch   SS |op a rel32|b|   SI |op a rel32|imm64|   AS |op b rel32|   SA |op a rel32|   AI |op . rel32|imm64|   S |op a rel32|   A |op . rel32|

/** One operation of the lowered code. */
export interface Operation {
  name: string;
  /** Length in 8-byte words. */
  words: number;
  /** Statements of the handler; must not move pc. `at`: see above; accOnly: the twin that keeps its result in the accumulator only. */
  body: (at: number, accOnly: boolean) => string;
  /** Ends a block; the handler sets pc and continues by itself. */
  ends?: boolean;
  /** The handler sets pc and continues by itself, inside its block. */
  moves?: boolean;
  /** Has a twin at the next number that leaves its result in the accumulator only. */
  paired?: boolean;
  /** Dispatched by the second switch. */
  cold?: boolean;
}

export const FORMS = ["SS", "SI", "AS", "SA", "AI"] as const;
export type Form = (typeof FORMS)[number];

export const slotAddress = (at: number) => `fp + (<usize>load<u16>(pc, ${at}) << 3)`;
export const read64 = (at: number) => `load<u64>(${slotAddress(at)})`;
export const read32 = (at: number) => `load<u32>(${slotAddress(at)})`;

/** Text of the left and right operand of a form, 32 or 64 bits wide. */
export function binaryOperands(form: Form, bits: number, at: number, left = at + 4, right = at + 6): [string, string] {
  const read = bits === 32 ? read32 : read64;
  const acc = bits === 32 ? "<u32>acc" : "acc";
  const imm = `load<u${bits}>(pc, ${at + 8})`;
  if (form === "SS") return [read(left), read(right)];
  if (form === "SI") return [read(left), imm];
  if (form === "AS") return [acc, read(left)];
  if (form === "SA") return [read(left), acc];
  return [acc, imm];
}

export const formWords = (form: string) => (form === "SI" || form === "AI" ? 2 : 1);

/** Statement that keeps a result: in the accumulator, and in slot d unless it is the twin. */
export const keep = (expression: string, accOnly: boolean, at: number) =>
  accOnly ? `acc = ${expression};` : `acc = ${expression}; store<u64>(${slotAddress(at + 2)}, acc);`;

/** Leaves the loop with a trap at the operation. */
export const trap = (kind: string, at: number) => `{ ${at ? `pc += ${at}; ` : ""}leave = ${kind}; break; }`;

/** Pays the block that pc points at. */
export const CHARGE = "fuel -= <i64>load<u32>(pc, 4); pc += 8; if (fuel < 0) { leave = LEAVE_FUEL; break; } continue;";
