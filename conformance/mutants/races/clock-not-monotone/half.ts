// A clock whose parameters differ between vCPUs, made monotone across them by the largest reading so far, kept in shared memory.
import * as machine from "../../../sdk/as/machine";
import { abi } from "../race";

export { abi };

const CMPXCHG_64: i32 = machine.SIZE_64 | machine.LOCK;
/** vCPU 0 is ahead by so many ticks. */
const SKEW: i64 = 1_000_000;

let decreased: bool = false;

export function race_prepare(at: i64): void {
  machine.store64(at, 0);
}

/** Each vCPU compares with what another one read before, and says what it reads: @8. */
export function race_run(role: i32, at: i64): void {
  for (let i = 0; i <= role; i++) {
    const earlier = machine.load64(at + 8);
    const now = read(role, at);
    if (now < earlier) decreased = true;
    machine.store64(at + 8, now);
  }
}

function read(role: i32, at: i64): i64 {
  const ticks = machine.rdtsc() + SKEW * (1 - role);
  while (true) {
    const last = machine.load64(at);
    if (last >= ticks) return last;
    if (machine.cmpxchg(CMPXCHG_64, at, last, ticks) === last) return ticks;
  }
}

export function race_event(_at: i64): void {}

export function race_check(_role: i32): i32 {
  return decreased ? 0 : 1;
}
