// Guest halves that misbehave in one function, assembled by hand; what they leave out falls through to the native half.
//
//   00 61 73 6d  01 00 00 00                        magic, version 1
//   01 │ type:     0 = () → i64, 1 = () → (), 2 = (i64) → i32
//   03 │ function: 0 has type 0, 1 has the type of the misbehaving function
//   05 │ memory:   1 page, at most GUEST_PAGES_MAX
//   07 │ export:   "abi" = function 0, NAME = function 1
//   0a │ code

const I64 = 0x7e;
const I32 = 0x7f;
const FUNCTION_TYPE = 0x60;

/** Limit of the module's linear memory, in pages of 64 KiB; the manifest has to ask for them. */
export const GUEST_PAGES_MAX = 16;

/** Bodies of the misbehaving function, each ending in `unreachable`, `end`. */
const bodies = {
  // loop, br 0, end
  loop: [0x03, 0x40, 0x0c, 0x00, 0x0b],
  // call 1 with a parameter if it has one
  recurse: [0x10, 0x01],
  // loop, i32.const 1, memory.grow, i32.const -1, i32.ne, br_if 0, end
  grow: [0x03, 0x40, 0x41, 0x01, 0x40, 0x00, 0x41, 0x7f, 0x47, 0x0d, 0x00, 0x0b],
  trap: [],
} as const;

export type Misbehaviour = keyof typeof bodies;
export const misbehaviours = Object.keys(bodies) as Misbehaviour[];

/** `half_init` is called once per vCPU at boot; every other name is an op without parameters. */
export function hostileGuest(does: Misbehaviour, name: "half_init" | "irq_disable"): Uint8Array {
  const isInit = name === "half_init";
  const types = [
    [FUNCTION_TYPE, 0, 1, I64],
    [FUNCTION_TYPE, 0, 0],
    [FUNCTION_TYPE, 1, I64, 1, I32],
  ];
  const argument = does === "recurse" && isInit ? [0x20, 0x00] : [];
  const abi = body([0x42, ...signedLeb(0x0001_0000_0001_0000n)]);
  const hostile = body([...argument, ...bodies[does], 0x00]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [types.length, ...types.flat()]),
    ...section(3, [2, 0, isInit ? 2 : 1]),
    ...section(5, [1, 0x01, 1, GUEST_PAGES_MAX]),
    ...section(7, [2, ...text("abi"), 0x00, 0, ...text(name), 0x00, 1]),
    ...section(10, [2, ...abi, ...hostile]),
  ]);
}

function section(id: number, content: number[]): number[] {
  return [id, ...leb(content.length), ...content];
}

function body(code: number[]): number[] {
  const content = [0, ...code, 0x0b];
  return [...leb(content.length), ...content];
}

function text(name: string): number[] {
  return [name.length, ...new TextEncoder().encode(name)];
}

function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}

/** Signed LEB128 of a positive number: ends when the rest and the sign bit are zero. */
function signedLeb(value: bigint): number[] {
  const low = Number(value & 0x7fn);
  const rest = value >> 7n;
  return rest === 0n && (low & 0x40) === 0 ? [low] : [low | 0x80, ...signedLeb(rest)];
}
