// A flush of a vCPU that is not running is left to whoever lets it run again: @0 its byte, 1 preempted, 2 flush before it runs.
import * as machine from "../../../sdk/as/machine";
import { abi, interrupt } from "../race";

export { abi };

const PREEMPTED: i64 = 1;
const FLUSH: i64 = 2;
const XCHG_8: i32 = machine.RMW_XCHG | machine.SIZE_8 | machine.LOCK;
const CMPXCHG_8: i32 = machine.SIZE_8 | machine.LOCK;
let flushed: bool = false;

export function race_prepare(at: i64): void {
  machine.store64(at, PREEMPTED);
}

/** Role 0 lets its preempted vCPU run again; role 1 needs its TLB flushed. */
export function race_run(role: i32, at: i64): void {
  if (role === 0) enter(at);
  else flush(at);
}

function enter(at: i64): void {
  const before = machine.rmw(XCHG_8, at, 0);
  if (before & FLUSH) flushed = true;
}

/** The interrupt is spared if the byte still says preempted when the flag joins it. */
function flush(at: i64): void {
  if (machine.cmpxchg(CMPXCHG_8, at, PREEMPTED, PREEMPTED | FLUSH) !== PREEMPTED) interrupt(at, 0);
}

export function race_event(_at: i64): void {
  flushed = true;
}

export function race_check(role: i32): i32 {
  return role !== 0 || flushed ? 1 : 0;
}
