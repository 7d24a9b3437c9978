// The host module `spectest` that official tests import from, as a module of its own.
import { HEADER, name, section, signed, vector } from "./assemble.ts";

const I32 = 0x7f;
const I64 = 0x7e;
const F32 = 0x7d;
const F64 = 0x7c;

const prints: [string, number[]][] = [
  ["print", []],
  ["print_i32", [I32]],
  ["print_i64", [I64]],
  ["print_f32", [F32]],
  ["print_f64", [F64]],
  ["print_i32_f32", [I32, F32]],
  ["print_f64_f64", [F64, F64]],
];

function floatBytes(value: number, size: 4 | 8): number[] {
  const view = new DataView(new ArrayBuffer(size));
  if (size === 4) view.setFloat32(0, value, true);
  else view.setFloat64(0, value, true);
  return [...new Uint8Array(view.buffer)];
}

/** Functions that do nothing, globals of 666 and 666.6, a table of 10 to 20 funcref, a memory of 1 to 2 pages. */
export function spectest(): Uint8Array {
  const globals: [string, number[]][] = [
    ["global_i32", [I32, 0, 0x41, ...signed(666), 0x0b]],
    ["global_i64", [I64, 0, 0x42, ...signed(666), 0x0b]],
    ["global_f32", [F32, 0, 0x43, ...floatBytes(666.6, 4), 0x0b]],
    ["global_f64", [F64, 0, 0x44, ...floatBytes(666.6, 8), 0x0b]],
  ];
  const exports = [
    ...prints.map(([text], i) => [...name(text), 0, i]),
    ...globals.map(([text], i) => [...name(text), 3, i]),
    [...name("table"), 1, 0],
    [...name("memory"), 2, 0],
  ];
  return new Uint8Array([
    ...HEADER,
    ...section(1, vector(prints.map(([, params]) => [0x60, params.length, ...params, 0]))),
    ...section(3, vector(prints.map((_, i) => [i]))),
    ...section(4, [1, 0x70, 1, 10, 20]),
    ...section(5, [1, 1, 1, 2]),
    ...section(6, vector(globals.map(([, bytes]) => bytes))),
    ...section(7, vector(exports)),
    ...section(10, vector(prints.map(() => [2, 0, 0x0b]))),
  ]);
}
