// The op table: names given by the runner, numbered by order. The VM knows nothing else of any op.
import { immutableAlloc } from "../memory/arena";
import { refuse } from "./errors";

export const OPS_MAX: u32 = 1024;
const NAME_MAX: u32 = 100;
/** {address u32, length u32} per op. */
const table: usize = memory.data(8192, 4);
let count: u32 = 0;

export function opsForget(): void {
  count = 0;
}

export function opCount(): u32 {
  return count;
}

/** Keeps a name; its number, or -1 (reason in the error buffer). */
export function opAdd(name: usize, length: u32): i32 {
  if (count == OPS_MAX || length == 0 || length > NAME_MAX) {
    refuse("E_OP", -1, "an op table has at most 1024 names of 1 to 100 bytes");
    return -1;
  }
  const at = immutableAlloc(length);
  if (!at) {
    refuse("E_MEMORY", -1, "no memory for the op table");
    return -1;
  }
  memory.copy(at, name, length);
  store<u32>(table + (count << 3), at);
  store<u32>(table + (count << 3), length, 4);
  count += 1;
  return count - 1;
}

/** Number of the op with this name, -1 if there is none. */
export function opFind(name: usize, length: u32): i32 {
  for (let i: u32 = 0; i < count; i++) {
    if (load<u32>(table + (i << 3), 4) == length && memory.compare(load<u32>(table + (i << 3)), name, length) == 0) return i;
  }
  return -1;
}
