// ROM of the VMI tests: guest-mode code that the host's vendor supplies (VMI draft of 13 March 2006). Calls have its numbers.
//
//   area of a vCPU (gpa told by INIT): | interrupts enabled u64 |
import { DIRECT_MAP, reg, setReg, store64 } from "../imports";

@external("machine", "vmcall") declare function vmcall(): void;

const INIT: i32 = 1;
const HALT: i32 = 35;
const EARLY: i32 = 101;
const RAX: i32 = 0;
const RSI: i32 = 6;
const RDI: i32 = 7;
const RDX: i32 = 2;

let area: i64 = 0;
/** Whether Halt enables interrupts before it calls: a race. */
let isEarly: bool = false;

export function call(nr: i32, a0: i64, a1: i64, a2: i64, a3: i64, a4: i64, a5: i64): i64 {
  if (nr == INIT) area = a0;
  if (nr == EARLY) isEarly = true;
  // An interrupt would come before the call, and the call sleep through it: the host half enables them, under its lock.
  if (nr == HALT && isEarly) store64(area, 1);
  setReg(RAX, nr);
  setReg(RDI, nr == INIT ? a0 - DIRECT_MAP : a0);
  setReg(RSI, a1);
  setReg(RDX, a2);
  vmcall();
  return reg(RAX);
}

/** Nothing may be patched: every call stays a call. */
export function get_reloc(nr: i32): i64 {
  return 0;
}
