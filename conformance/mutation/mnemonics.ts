/** Names of WebAssembly instructions by opcode, as the core specification 2.0 spells them (5.4, "Instructions"). */

const memory =
  "i32.load i64.load f32.load f64.load i32.load8_s i32.load8_u i32.load16_s i32.load16_u i64.load8_s i64.load8_u i64.load16_s i64.load16_u i64.load32_s i64.load32_u i32.store i64.store f32.store f64.store i32.store8 i32.store16 i64.store8 i64.store16 i64.store32 memory.size memory.grow";
const constants = "i32.const i64.const f32.const f64.const";
const compareInt = "eqz eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u";
const compareFloat = "eq ne lt gt le ge";
const arithmeticInt = "clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr";
const arithmeticFloat = "abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign";
const conversions =
  "i32.wrap_i64 i32.trunc_f32_s i32.trunc_f32_u i32.trunc_f64_s i32.trunc_f64_u i64.extend_i32_s i64.extend_i32_u i64.trunc_f32_s i64.trunc_f32_u i64.trunc_f64_s i64.trunc_f64_u f32.convert_i32_s f32.convert_i32_u f32.convert_i64_s f32.convert_i64_u f32.demote_f64 f64.convert_i32_s f64.convert_i32_u f64.convert_i64_s f64.convert_i64_u f64.promote_f32 i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64 i32.extend8_s i32.extend16_s i64.extend8_s i64.extend16_s i64.extend32_s";

const of = (type: string, words: string): string[] => words.split(" ").map((word) => `${type}.${word}`);

/** From 0x28, the first memory access, to 0xc4 without a gap. */
const numbered = [
  ...memory.split(" "),
  ...constants.split(" "),
  ...of("i32", compareInt),
  ...of("i64", compareInt),
  ...of("f32", compareFloat),
  ...of("f64", compareFloat),
  ...of("i32", arithmeticInt),
  ...of("i64", arithmeticInt),
  ...of("f32", arithmeticFloat),
  ...of("f64", arithmeticFloat),
  ...conversions.split(" "),
];
const FIRST_NUMBERED = 0x28;

const others: Record<number, string> = {
  0: "unreachable",
  1: "nop",
  2: "block",
  3: "loop",
  4: "if",
  5: "else",
  11: "end",
  12: "br",
  13: "br_if",
  14: "br_table",
  15: "return",
  16: "call",
  17: "call_indirect",
  18: "return_call",
  19: "return_call_indirect",
  26: "drop",
  27: "select",
  28: "select",
  32: "local.get",
  33: "local.set",
  34: "local.tee",
  35: "global.get",
  36: "global.set",
  37: "table.get",
  38: "table.set",
};

export function mnemonic(op: number): string {
  return others[op] ?? numbered[op - FIRST_NUMBERED] ?? `0x${op.toString(16)}`;
}
