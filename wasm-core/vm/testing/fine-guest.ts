// A guest half whose ops touch private state alone: only an interrupt between two private instructions can be seen.
// Role 0 raises a word of memory, role 1 a global, the others are inside a section that is nothing but calls.

const COUNT: usize = 64;
const INSIDE: usize = 72;
let count: i32 = 0;
let events: i32 = 0;
let intruded: i32 = 0;

export function abi(): i64 {
  return 0x0001000000010000;
}

export function race_prepare(at: i64): void {}

export function race_run(role: i32, at: i64): void {
  if (role == 0) return store<i32>(COUNT, load<i32>(COUNT) + 1);
  if (role == 1) {
    count += 1;
    return;
  }
  store<i32>(INSIDE, 1);
  calls(3);
  store<i32>(INSIDE, 0);
}

/** So many calls, and nothing else that is private. */
function calls(n: i32): void {
  if (n > 1) calls(n - 1);
}

/** Of the handler, on the same vCPU. */
export function race_event(at: i64): void {
  store<i32>(COUNT, load<i32>(COUNT) + 1);
  count += 1;
  events += 1;
  if (load<i32>(INSIDE)) intruded = 1;
}

export function race_check(role: i32): i32 {
  if (role == 0) return load<i32>(COUNT) == events + 1 ? 1 : 0;
  if (role == 1) return count == events + 1 ? 1 : 0;
  return 1 - intruded;
}
