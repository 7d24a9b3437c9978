// Types of the simple instructions, by WebAssembly opcode, for validation. Floats included: valid modules must be judged properly.

export const CLASS_NONE = 0;
export const CLASS_BINARY = 1;
export const CLASS_UNARY = 2;
export const CLASS_LOAD = 3;
export const CLASS_STORE = 4;
/** Changes the type, not the 64 bits of the slot. */
export const CLASS_RETYPE = 5;

const I32 = 0x7f;
const I64 = 0x7e;
const F32 = 0x7d;
const F64 = 0x7c;

/** {class, first operand, second operand or log2 of natural alignment, result}. */
export type Signature = [number, number, number, number];

export function signatures(): Signature[] {
  const rows: Signature[] = Array.from({ length: 256 }, () => [0, 0, 0, 0]);
  const range = (first: number, last: number, row: Signature) => {
    for (let opcode = first; opcode <= last; opcode++) rows[opcode] = row;
  };
  const loads: [number, number][] = [
    [I32, 2],
    [I64, 3],
    [F32, 2],
    [F64, 3],
    [I32, 0],
    [I32, 0],
    [I32, 1],
    [I32, 1],
    [I64, 0],
    [I64, 0],
    [I64, 1],
    [I64, 1],
    [I64, 2],
    [I64, 2],
  ];
  for (const [i, [type, align]] of loads.entries()) rows[0x28 + i] = [CLASS_LOAD, I32, align, type];
  const stores: [number, number][] = [
    [I32, 2],
    [I64, 3],
    [F32, 2],
    [F64, 3],
    [I32, 0],
    [I32, 1],
    [I64, 0],
    [I64, 1],
    [I64, 2],
  ];
  for (const [i, [type, align]] of stores.entries()) rows[0x36 + i] = [CLASS_STORE, type, align, 0];
  rows[0x45] = [CLASS_UNARY, I32, 0, I32];
  range(0x46, 0x4f, [CLASS_BINARY, I32, I32, I32]);
  rows[0x50] = [CLASS_UNARY, I64, 0, I32];
  range(0x51, 0x5a, [CLASS_BINARY, I64, I64, I32]);
  range(0x5b, 0x60, [CLASS_BINARY, F32, F32, I32]);
  range(0x61, 0x66, [CLASS_BINARY, F64, F64, I32]);
  arithmetic(range);
  conversions(rows);
  return rows;
}

function arithmetic(range: (first: number, last: number, row: Signature) => void): void {
  range(0x67, 0x69, [CLASS_UNARY, I32, 0, I32]);
  range(0x6a, 0x78, [CLASS_BINARY, I32, I32, I32]);
  range(0x79, 0x7b, [CLASS_UNARY, I64, 0, I64]);
  range(0x7c, 0x8a, [CLASS_BINARY, I64, I64, I64]);
  range(0x8b, 0x91, [CLASS_UNARY, F32, 0, F32]);
  range(0x92, 0x98, [CLASS_BINARY, F32, F32, F32]);
  range(0x99, 0x9f, [CLASS_UNARY, F64, 0, F64]);
  range(0xa0, 0xa6, [CLASS_BINARY, F64, F64, F64]);
}

function conversions(rows: Signature[]): void {
  const convert = (opcode: number, from: number, to: number, kind = CLASS_UNARY) => {
    rows[opcode] = [kind, from, 0, to];
  };
  convert(0xa7, I64, I32);
  for (const [i, from] of [F32, F32, F64, F64].entries()) convert(0xa8 + i, from, I32);
  convert(0xac, I32, I64);
  convert(0xad, I32, I64, CLASS_RETYPE);
  for (const [i, from] of [F32, F32, F64, F64].entries()) convert(0xae + i, from, I64);
  for (const [i, from] of [I32, I32, I64, I64, F64].entries()) convert(0xb2 + i, from, F32);
  for (const [i, from] of [I32, I32, I64, I64, F32].entries()) convert(0xb7 + i, from, F64);
  convert(0xbc, F32, I32, CLASS_RETYPE);
  convert(0xbd, F64, I64, CLASS_RETYPE);
  convert(0xbe, I32, F32, CLASS_RETYPE);
  convert(0xbf, I64, F64, CLASS_RETYPE);
  convert(0xc0, I32, I32);
  convert(0xc1, I32, I32);
  for (const opcode of [0xc2, 0xc3, 0xc4]) convert(opcode, I64, I64);
}
