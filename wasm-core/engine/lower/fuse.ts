// Replaces the first opcode of every known pair of operations by the pair's number; see opcodes/fusion.ts.
import { COLD_FIRST, LENGTHS, OP_BR_TABLE_A, OP_BR_TABLE_S, PAIRS, PAIR_INDEX } from "../generated/opcodes";

/** Number of the pair, 0 = none. */
function pairOf(first: u32, second: u32): u32 {
  const index = PAIR_INDEX + ((<usize>first) << 2);
  let row = PAIRS + ((<usize>load<u16>(index)) << 2);
  for (let n: u32 = load<u16>(index, 2); n > 0; n--) {
    if (load<u16>(row) == second) return load<u16>(row, 2);
    row += 4;
  }
  return 0;
}

/** Fuses pairs in finished code, none overlapping another. Labels are CHARGE operations, so no branch leads into a pair. */
export function fuse(start: usize, end: usize): void {
  let at = start;
  while (at < end) {
    const operation: u32 = load<u16>(at);
    const next = at + ((<usize>(load<u8>(LENGTHS + operation) & 0x7f)) << 3);
    if (operation == OP_BR_TABLE_A || operation == OP_BR_TABLE_S) {
      at = next + (((<usize>load<u32>(at, 4) + 2) >>> 1) << 3);
      continue;
    }
    const fused: u32 = next < end && operation < COLD_FIRST ? pairOf(operation, load<u16>(next)) : 0;
    if (fused) {
      store<u16>(at, fused);
      at = next + ((<usize>(load<u8>(LENGTHS + load<u16>(next)) & 0x7f)) << 3);
    } else at = next;
  }
}
