/** Instructions of core WebAssembly as bytes: how long one is, and what it does to the height of the stack. */

export interface Instruction {
  /** Offset in the module and the offset after it. */
  at: number;
  end: number;
  op: number;
  /** First immediate of calls and of constants (a 32-bit constant is signed); 0 otherwise. */
  value: bigint;
}

export const OP = {
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  returnCall: 0x12,
  drop: 0x1a,
  select: 0x1b,
  localGet: 0x20,
  i32Store: 0x36,
  i64Store32: 0x3e,
  i32Const: 0x41,
  i64Const: 0x42,
  i32Eqz: 0x45,
  i64GeU: 0x5a,
  refFunc: 0xd2,
} as const;

/** LEB128 at `at`: the value and the offset after it. */
export function readLeb(bytes: Uint8Array, at: number, signed = false): [bigint, number] {
  let value = 0n;
  let shift = 0n;
  for (;;) {
    const byte = bytes[at++] ?? 0;
    value |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
    if (byte < 0x80) return [signed && byte & 0x40 ? value - (1n << shift) : value, at];
  }
}

export function writeLeb(value: number | bigint, signed = false): number[] {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (;;) {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    const done = signed ? (rest === 0n && byte < 0x40) || (rest === -1n && byte >= 0x40) : rest === 0n;
    bytes.push(done ? byte : byte | 0x80);
    if (done) return bytes;
  }
}

/** How many LEB128 immediates an instruction has; -1: it is special. */
function lebCount(op: number): number {
  if ([OP.block, OP.loop, OP.if, OP.br, OP.brIf, OP.call, OP.returnCall, OP.refFunc, 0xd0].some((x) => x === op))
    return 1;
  if (op === OP.callIndirect || op === 0x13) return 2;
  if (op >= 0x20 && op <= 0x26) return 1;
  if (op >= 0x28 && op <= OP.i64Store32) return 2;
  if (op === 0x3f || op === 0x40 || op === OP.i32Const || op === OP.i64Const) return 1;
  return op === OP.brTable || op === 0x1c || op === 0x43 || op === 0x44 || op === 0xfc ? -1 : 0;
}

/** Immediates of the instructions behind 0xfc, by number. */
const prefixed = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1];

export function readInstruction(bytes: Uint8Array, at: number): Instruction {
  const op = bytes[at] ?? 0;
  const count = lebCount(op);
  let end = at + 1;
  let value = 0n;
  if (count > 0) {
    const signed = op === OP.i32Const || op === OP.i64Const || op === 0xd0 || (op >= OP.block && op <= OP.if);
    [value, end] = readLeb(bytes, end, signed);
    if (count === 2) [, end] = readLeb(bytes, end);
  } else if (count < 0) end = endOfSpecial(bytes, op, end);
  return { at, end, op, value };
}

function endOfSpecial(bytes: Uint8Array, op: number, at: number): number {
  if (op === 0x43) return at + 4;
  if (op === 0x44) return at + 8;
  let [count, end] = readLeb(bytes, at);
  let immediates = Number(count);
  if (op === OP.brTable) immediates += 1;
  else if (op === 0xfc) immediates = prefixed[Number(count)] ?? 0;
  for (let i = 0; i < immediates; i++) [, end] = readLeb(bytes, end);
  return end;
}

/** Operands taken and results left, for instructions outside of calls and control; null for those. */
export function stackEffect(op: number): [number, number] | null {
  if (op === 0x01) return [0, 0];
  if (op === OP.drop || op === 0x21 || op === 0x24) return [1, 0];
  if (op === OP.select || op === 0x1c) return [3, 1];
  if (op === OP.localGet || op === 0x23 || op === 0x3f || (op >= 0x41 && op <= 0x44)) return [0, 1];
  if (op === 0x22 || op === 0x40 || (op >= 0x28 && op <= 0x35)) return [1, 1];
  if (op >= OP.i32Store && op <= OP.i64Store32) return [2, 0];
  if (op >= 0xa7 && op <= 0xc4) return [1, 1];
  if (op < 0x45 || op > 0xa6) return null;
  const unary = op === 0x45 || op === 0x50 || within(op, 0x67, 0x69) || within(op, 0x79, 0x7b);
  return unary || within(op, 0x8b, 0x91) || within(op, 0x99, 0x9f) ? [1, 1] : [2, 1];
}

function within(op: number, first: number, last: number): boolean {
  return op >= first && op <= last;
}
