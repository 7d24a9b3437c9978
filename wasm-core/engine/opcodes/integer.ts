// Integer arithmetic and comparisons. 32-bit results are zero-extended, so bitwise and unsigned operations serve both widths.

import { binaryOperands, FORMS, type Form, formWords, keep, type Operation, read32, read64, trap } from "./forms.ts";
import { must } from "./must.ts";

interface Binary {
  name: string;
  bits: 32 | 64;
  /** WebAssembly opcodes that lower to it. */
  wasm: number[];
  commutative?: boolean;
  /** Comparison: name of its inverse. */
  inverse?: string;
  /** Comparison: name with operands swapped. */
  swapped?: string;
  /** Expression over unsigned operands x and y. */
  value: (x: string, y: string) => string;
  /** Statements before the value, when it can trap; operands are in x32/y32 or x64/y64. */
  check?: (at: number) => string;
}

/** The inner cast keeps asc from widening the operands' loads to 64 bits. */
const wide = (expression: string) => `<u64><u32>(${expression})`;
const signed = (bits: number, text: string) => `<i${bits}>${bits === 32 ? `(${text})` : text}`;

function arithmetic(bits: 32 | 64, first: number): Binary[] {
  const t = `u${bits}`;
  const z = (text: string) => (bits === 32 ? wide(text) : text);
  const s = (text: string) => signed(bits, `(${text})`);
  const zero = (at: number) => `if (y${bits} == 0) ${trap("TRAP_DIVIDE_BY_ZERO", at)}`;
  const min = bits === 32 ? "0x80000000" : "0x8000000000000000";
  const overflow = (at: number) =>
    `${zero(at)} if (x${bits} == ${min} && y${bits} == <${t}>-1) ${trap("TRAP_INTEGER_OVERFLOW", at)}`;
  return [
    { name: `add${bits}`, bits, wasm: [first], commutative: true, value: (x, y) => z(`${x} + ${y}`) },
    { name: `sub${bits}`, bits, wasm: [first + 1], value: (x, y) => z(`${x} - ${y}`) },
    { name: `mul${bits}`, bits, wasm: [first + 2], commutative: true, value: (x, y) => z(`${x} * ${y}`) },
    { name: `div_s${bits}`, bits, wasm: [first + 3], check: overflow, value: (x, y) => z(`<${t}>(${s(x)} / ${s(y)})`) },
    { name: `div_u${bits}`, bits, wasm: [first + 4], check: zero, value: (x, y) => z(`${x} / ${y}`) },
    {
      name: `rem_s${bits}`,
      bits,
      wasm: [first + 5],
      check: zero,
      value: (x, y) => z(`y${bits} == <${t}>-1 ? <${t}>0 : <${t}>(${s(x)} % ${s(y)})`),
    },
    { name: `rem_u${bits}`, bits, wasm: [first + 6], check: zero, value: (x, y) => z(`${x} % ${y}`) },
    { name: `shl${bits}`, bits, wasm: [first + 10], value: (x, y) => z(`${x} << ${y}`) },
    { name: `shr_s${bits}`, bits, wasm: [first + 11], value: (x, y) => z(`<${t}>(${s(x)} >> ${s(y)})`) },
    { name: `shr_u${bits}`, bits, wasm: [first + 12], value: (x, y) => z(`${x} >> ${y}`) },
    { name: `rotl${bits}`, bits, wasm: [first + 13], value: (x, y) => z(`rotl<${t}>(${x}, ${y})`) },
    { name: `rotr${bits}`, bits, wasm: [first + 14], value: (x, y) => z(`rotr<${t}>(${x}, ${y})`) },
  ];
}

const bitwise: Binary[] = [
  { name: "and", bits: 64, wasm: [0x71, 0x83], commutative: true, value: (x, y) => `${x} & ${y}` },
  { name: "or", bits: 64, wasm: [0x72, 0x84], commutative: true, value: (x, y) => `${x} | ${y}` },
  { name: "xor", bits: 64, wasm: [0x73, 0x85], commutative: true, value: (x, y) => `${x} ^ ${y}` },
];

function order(bits: 32 | 64, sign: string, wasm: number[][]): Binary[] {
  const cast = (text: string) => (sign === "s" ? signed(bits, `(${text})`) : text);
  const suffix = sign === "s" ? `_s${bits}` : "_u";
  const make = (name: string, operator: string, inverse: string, swapped: string, index: number): Binary => ({
    name: name + suffix,
    bits,
    wasm: must(wasm[index], name),
    inverse: inverse + suffix,
    swapped: swapped + suffix,
    value: (x, y) => `${cast(x)} ${operator} ${cast(y)}`,
  });
  return [
    make("lt", "<", "ge", "gt", 0),
    make("gt", ">", "le", "lt", 1),
    make("le", "<=", "gt", "ge", 2),
    make("ge", ">=", "lt", "le", 3),
  ];
}

/** Comparisons; value is a condition. */
export const comparisons: Binary[] = [
  {
    name: "eq",
    bits: 64,
    wasm: [0x46, 0x51],
    commutative: true,
    inverse: "ne",
    swapped: "eq",
    value: (x, y) => `${x} == ${y}`,
  },
  {
    name: "ne",
    bits: 64,
    wasm: [0x47, 0x52],
    commutative: true,
    inverse: "eq",
    swapped: "ne",
    value: (x, y) => `${x} != ${y}`,
  },
  ...order(64, "u", [
    [0x49, 0x54],
    [0x4b, 0x56],
    [0x4d, 0x58],
    [0x4f, 0x5a],
  ]),
  ...order(32, "s", [[0x48], [0x4a], [0x4c], [0x4e]]),
  ...order(64, "s", [[0x53], [0x55], [0x57], [0x59]]),
];

export const binaries: Binary[] = [...arithmetic(32, 0x6a), ...arithmetic(64, 0x7c), ...bitwise];

/** Forms that exist: commutative operations need no SA. */
export const formsOf = (binary: Binary): Form[] => FORMS.filter((form) => form !== "SA" || !binary.commutative);

export const binaryName = (name: string, form: Form) => `${name}_${form}`;

export function binaryOperations(): Operation[] {
  return [...binaries, ...comparisons].flatMap((binary) =>
    formsOf(binary).map(
      (form): Operation => ({
        name: binaryName(binary.name, form),
        words: formWords(form),
        paired: true,
        body: (at, accOnly) => binaryBody(binary, form, at, accOnly),
      }),
    ),
  );
}

/** Body of a binary operation; accOnly for its twin. */
export function binaryBody(binary: Binary, form: Form, at: number, accOnly: boolean): string {
  const [x, y] = binaryOperands(form, binary.bits, at);
  const { value } = binary;
  if (binary.inverse) return keep(`<u64>(${value(x, y)})`, accOnly, at);
  if (!binary.check) return keep(value(x, y), accOnly, at);
  const bits = binary.bits;
  return `x${bits} = ${x}; y${bits} = ${y}; ${binary.check(at)} ${keep(value(`x${bits}`, `y${bits}`), accOnly, at)}`;
}

/** Unary operations: [name, WebAssembly opcodes, bits of the operand, value]. */
export const unaries: [string, number[], 32 | 64, (x: string) => string][] = [
  ["eqz", [0x45, 0x50], 64, (x) => `<u64>(${x} == 0)`],
  ["clz32", [0x67], 32, (x) => wide(`clz<u32>(${x})`)],
  ["ctz32", [0x68], 32, (x) => wide(`ctz<u32>(${x})`)],
  ["popcnt", [0x69, 0x7b], 64, (x) => `popcnt<u64>(${x})`],
  ["clz64", [0x79], 64, (x) => `clz<u64>(${x})`],
  ["ctz64", [0x7a], 64, (x) => `ctz<u64>(${x})`],
  ["wrap", [0xa7], 64, (x) => `${x} & 0xffffffff`],
  ["extend8_32", [0xc0], 32, (x) => wide(`<u32><i32><i8>(${x})`)],
  ["extend16_32", [0xc1], 32, (x) => wide(`<u32><i32><i16>(${x})`)],
  ["extend8_64", [0xc2], 64, (x) => `<u64><i64><i8>(${x})`],
  ["extend16_64", [0xc3], 64, (x) => `<u64><i64><i16>(${x})`],
  ["extend32_64", [0xc4, 0xac], 64, (x) => `<u64><i64><i32>(${x})`],
];

export function unaryOperations(): Operation[] {
  return unaries.flatMap(([name, , bits, value]) =>
    (["S", "A"] as const).map(
      (form): Operation => ({
        name: `${name}_${form}`,
        words: 1,
        paired: true,
        body: (at, accOnly) => keep(value(unaryOperand(form, bits, at)), accOnly, at),
      }),
    ),
  );
}

export const unaryOperand = (form: "S" | "A", bits: number, at: number) =>
  form === "A" ? (bits === 32 ? "<u32>acc" : "acc") : bits === 32 ? read32(at + 4) : read64(at + 4);
