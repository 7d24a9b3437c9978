// Loads and stores: an explicit 64-bit bounds check, and the dirty mark of every store.
import { FORMS, type Form, formWords, keep, type Operation, read32, read64, trap } from "./forms.ts";

/** [name, WebAssembly opcodes, bytes, value of the loaded bytes at address p]. Floats move as integer bits. */
export const loads: [string, number[], number, (p: string) => string][] = [
  ["load8", [0x2d, 0x31], 1, (p) => `<u64>load<u8>(${p})`],
  ["load16", [0x2f, 0x33], 2, (p) => `<u64>load<u16>(${p})`],
  ["load32", [0x28, 0x2a, 0x35], 4, (p) => `<u64>load<u32>(${p})`],
  ["load64", [0x29, 0x2b], 8, (p) => `load<u64>(${p})`],
  ["load8_s32", [0x2c], 1, (p) => `<u64><u32><i32>load<i8>(${p})`],
  ["load16_s32", [0x2e], 2, (p) => `<u64><u32><i32>load<i16>(${p})`],
  ["load8_s64", [0x30], 1, (p) => `<u64><i64>load<i8>(${p})`],
  ["load16_s64", [0x32], 2, (p) => `<u64><i64>load<i16>(${p})`],
  ["load32_s64", [0x34], 4, (p) => `<u64><i64>load<i32>(${p})`],
];

/** [name, WebAssembly opcodes, bytes]. */
export const stores: [string, number[], number][] = [
  ["store8", [0x3a, 0x3c], 1],
  ["store16", [0x3b, 0x3d], 2],
  ["store32", [0x36, 0x38, 0x3e], 4],
  ["store64", [0x37, 0x39], 8],
];

const address = (text: string, bytes: number, at: number) =>
  `ea = <u64>${text} + <u64>load<u32>(pc, ${at + 4}); if (ea + ${bytes} > msize) ${trap("TRAP_MEMORY_BOUNDS", at)}`;

export function loadOperations(): Operation[] {
  return loads.flatMap(([name, , bytes, value]) =>
    (["S", "A"] as const).map(
      (form): Operation => ({
        name: `${name}_${form}`,
        words: form === "S" ? 2 : 1,
        paired: true,
        body: (at, accOnly) =>
          `${address(form === "S" ? read32(at + 8) : "<u32>acc", bytes, at)} ${keep(value("mbase + <usize>ea"), accOnly, at)}`,
      }),
    ),
  );
}

/** A dirty page stands for itself and the first 8 bytes of the next one, so one mark serves an unaligned store. */
const write = (bytes: number, value: string) =>
  `p = mbase + <usize>ea; store<u${bytes * 8}>(p, ${value}); store<u8>(DIRTY + (p >>> 12), 1);`;

function storeOperands(form: Form, bytes: number, at: number): [string, string] {
  const read = bytes === 8 ? read64 : read32;
  const imm = `load<u${bytes * 8}>(pc, ${at + 8})`;
  const acc = bytes === 8 ? "acc" : `<u${bytes * 8}>acc`;
  const narrow = (text: string) => (bytes < 4 ? `<u${bytes * 8}>${text}` : text);
  if (form === "SS") return [read32(at + 2), narrow(read(at + 8))];
  if (form === "SI") return [read32(at + 2), imm];
  if (form === "AS") return ["<u32>acc", narrow(read(at + 2))];
  if (form === "SA") return [read32(at + 2), acc];
  return ["<u32>acc", imm];
}

export function storeOperations(): Operation[] {
  return stores.flatMap(([name, , bytes]) =>
    FORMS.map(
      (form): Operation => ({
        name: `${name}_${form}`,
        words: form === "SS" ? 2 : formWords(form),
        body: (at) => {
          const [target, value] = storeOperands(form, bytes, at);
          return `${address(target, bytes, at)} ${write(bytes, value)}`;
        },
      }),
    ),
  );
}
