// Floating point. Values are their bits in the slot (f32 zero-extended). Every arithmetic result that is a NaN becomes the one
// canonical NaN; abs, neg and copysign only touch the sign bit and are integer operations.
import { type Form, formWords, keep, type Operation, read32, read64, slotAddress, trap } from "./forms.ts";

type Width = 32 | 64;

interface FloatBinary {
  name: string;
  wasm: number;
  width: Width;
  forms: Form[];
  hot: boolean;
  value: (x: string, y: string) => string;
}

const canonical = (width: Width, text: string) => `canonical${width}(${text})`;
const floatSlot = (width: Width, at: number) => `load<f${width}>(${slotAddress(at)})`;
const floatAcc = (width: Width) => (width === 32 ? "reinterpret<f32>(<u32>acc)" : "reinterpret<f64>(acc)");

function binaryRows(width: Width, compare: number, arithmetic: number): FloatBinary[] {
  const hot: Form[] = ["SS", "AS", "SA"];
  const operator = (name: string, wasm: number, sign: string): FloatBinary => ({
    name: `f${name}${width}`,
    wasm,
    width,
    forms: hot,
    hot: true,
    value: (x, y) => canonical(width, `${x} ${sign} ${y}`),
  });
  const call = (name: string, wasm: number): FloatBinary => ({
    name: `f${name}${width}`,
    wasm,
    width,
    forms: ["SS"],
    hot: false,
    value: (x, y) => canonical(width, `${name}<f${width}>(${x}, ${y})`),
  });
  const comparison = (name: string, wasm: number, sign: string): FloatBinary => ({
    name: `f${name}${width}`,
    wasm,
    width,
    forms: hot,
    hot: true,
    value: (x, y) => `<u64>(${x} ${sign} ${y})`,
  });
  return [
    ...named([
      ["eq", "=="],
      ["ne", "!="],
      ["lt", "<"],
      ["gt", ">"],
      ["le", "<="],
      ["ge", ">="],
    ]).map(([name, sign], i) => comparison(name, compare + i, sign)),
    ...named([
      ["add", "+"],
      ["sub", "-"],
      ["mul", "*"],
      ["div", "/"],
    ]).map(([name, sign], i) => operator(name, arithmetic + i, sign)),
    call("min", arithmetic + 4),
    call("max", arithmetic + 5),
  ];
}

export const floatBinaries: FloatBinary[] = [...binaryRows(32, 0x5b, 0x92), ...binaryRows(64, 0x61, 0xa0)];

function floatBinaryBody(row: FloatBinary, form: Form, at: number, accOnly: boolean): string {
  const slot = (field: number) => floatSlot(row.width, at + field);
  const x = form === "AS" ? floatAcc(row.width) : slot(4);
  const y = form === "SA" ? floatAcc(row.width) : form === "AS" ? slot(4) : slot(6);
  return keep(row.value(x, y), accOnly, at);
}

interface FloatUnary {
  name: string;
  wasm: number;
  /** Statements before the value; x is the operand's text. */
  check?: (x: string, at: number) => string;
  operand: (at: number) => string;
  value: (x: string) => string;
}

const SIGN = { 32: "0x80000000", 64: "0x8000000000000000" };
const REST = { 32: "0x7fffffff", 64: "0x7fffffffffffffff" };

function unaryRows(width: Width, first: number): FloatUnary[] {
  const rounding = ["ceil", "floor", "trunc", "nearest", "sqrt"].map(
    (name, i): FloatUnary => ({
      name: `f${name}${width}`,
      wasm: first + 2 + i,
      operand: (at) => floatSlot(width, at + 4),
      value: (x) => canonical(width, `${name}<f${width}>(${x})`),
    }),
  );
  const bits = (at: number) => read64(at + 4);
  return [
    { name: `fabs${width}`, wasm: first, operand: bits, value: (x) => `${x} & ${REST[width]}` },
    { name: `fneg${width}`, wasm: first + 1, operand: bits, value: (x) => `${x} ^ ${SIGN[width]}` },
    ...rounding,
  ];
}

/** Values strictly between which a truncation fits, or at least the lower one where that is exact. */
function range(to: Width, isSigned: boolean, from: Width): [string, string] {
  if (!isSigned) return ["> -1.0", to === 32 ? "< 4294967296.0" : "< 18446744073709551616.0"];
  if (to === 64) return [">= -9223372036854775808.0", "< 9223372036854775808.0"];
  return [from === 32 ? ">= -2147483648.0" : "> -2147483649.0", "< 2147483648.0"];
}

const limits = (to: Width, isSigned: boolean): [string, string] => {
  if (!isSigned) return ["0", to === 32 ? "0xffffffff" : "0xffffffffffffffff"];
  return to === 32 ? ["0x80000000", "0x7fffffff"] : ["0x8000000000000000", "0x7fffffffffffffff"];
};

function truncation(
  to: Width,
  isSigned: boolean,
  from: Width,
): {
  trapping: Pick<FloatUnary, "check" | "operand" | "value">;
  saturating: Pick<FloatUnary, "check" | "operand" | "value">;
} {
  const [low, high] = range(to, isSigned, from);
  const [least, most] = limits(to, isSigned);
  const kind = `${isSigned ? "i" : "u"}${to}`;
  const integer = to === 32 ? `<u64><u32><${kind}>v${from}` : `<u64><${kind}>v${from}`;
  const literal = (text: string) => (from === 32 ? text.replace(/(-?[\d.]+)$/, "<f32>$1") : text);
  const operand = (at: number) => floatSlot(from, at + 4);
  const inRange = `v${from} ${literal(low)} && v${from} ${literal(high)}`;
  return {
    trapping: {
      operand,
      check: (x, at) =>
        `v${from} = ${x}; if (v${from} != v${from}) ${trap("TRAP_INVALID_CONVERSION", at)} if (!(${inRange})) ${trap("TRAP_INTEGER_OVERFLOW", at)}`,
      value: () => integer,
    },
    saturating: {
      operand,
      check: (x) =>
        `v${from} = ${x}; if (${inRange}) x64 = ${integer}; else x64 = v${from} != v${from} ? 0 : v${from} < 0 ? ${least} : ${most};`,
      value: () => "x64",
    },
  };
}

/** Row of FORM_ROWS that stands for the saturating conversion 0xfc n. */
export const SATURATING_FIRST = 0xe0;

function conversionRows(): FloatUnary[] {
  const rows: FloatUnary[] = [];
  for (let n = 0; n < 8; n++) {
    const [to, from, isSigned]: [Width, Width, boolean] = [n & 4 ? 64 : 32, n & 2 ? 64 : 32, !(n & 1)];
    const { trapping, saturating } = truncation(to, isSigned, from);
    rows.push(
      { name: `trunc_${n}`, wasm: (n & 4 ? 0xae : 0xa8) + (n & 3), ...trapping },
      { name: `saturate_${n}`, wasm: SATURATING_FIRST + n, ...saturating },
    );
  }
  for (const width of [32, 64] as const) {
    for (const [i, kind] of ["i32", "u32", "i64", "u64"].entries()) {
      const operand = (at: number) => (i < 2 ? read32(at + 4) : read64(at + 4));
      const bits =
        width === 32 ? (x: string) => `<u64>reinterpret<u32>(${x})` : (x: string) => `reinterpret<u64>(${x})`;
      rows.push({
        name: `convert_${kind}_f${width}`,
        wasm: (width === 32 ? 0xb2 : 0xb7) + i,
        operand,
        value: (x) => bits(`<f${width}><${kind}>${x}`),
      });
    }
  }
  rows.push({
    name: "demote",
    wasm: 0xb6,
    operand: (at) => floatSlot(64, at + 4),
    value: (x) => canonical(32, `<f32>${x}`),
  });
  rows.push({
    name: "promote",
    wasm: 0xbb,
    operand: (at) => floatSlot(32, at + 4),
    value: (x) => canonical(64, `<f64>${x}`),
  });
  return rows;
}

export const floatUnaries: FloatUnary[] = [...unaryRows(32, 0x8b), ...unaryRows(64, 0x99), ...conversionRows()];

/** copysign of both widths: integer operations on the bits. */
const copysign = (width: Width): Operation => ({
  name: `fcopysign${width}_SS`,
  words: 1,
  cold: true,
  body: (at) => keep(`(${read64(at + 4)} & ${REST[width]}) | (${read64(at + 6)} & ${SIGN[width]})`, false, at),
});

export function floatOperations(): Operation[] {
  const binary = floatBinaries.flatMap((row) =>
    row.forms.map(
      (form): Operation => ({
        name: `${row.name}_${form}`,
        words: formWords(form),
        paired: row.hot,
        cold: !row.hot,
        body: (at, accOnly) => floatBinaryBody(row, form, at, accOnly),
      }),
    ),
  );
  const unary = floatUnaries.map(
    (row): Operation => ({
      name: `${row.name}_S`,
      words: 1,
      cold: true,
      body: (at) => {
        const x = row.operand(at);
        return `${row.check ? row.check(x, at) : ""} ${keep(row.value(x), false, at)}`;
      },
    }),
  );
  return [...binary, ...unary, copysign(32), copysign(64)];
}

/** [WebAssembly opcode, form, operation] for the form table. */
export function floatForms(): [number, Form | "S", string][] {
  return [
    ...floatBinaries.flatMap((row) =>
      row.forms.map((form): [number, Form, string] => [row.wasm, form, `${row.name}_${form}`]),
    ),
    ...floatUnaries.map((row): [number, "S", string] => [row.wasm, "S", `${row.name}_S`]),
    [0x98, "SS", "fcopysign32_SS"],
    [0xa6, "SS", "fcopysign64_SS"],
  ];
}

/** Pairs of name and operator sign, as pairs. */
function named(pairs: [name: string, sign: string][]): [name: string, sign: string][] {
  return pairs;
}
