// User mode: iret (the machine's, or as a host half does it) to user text calls that function at user CPL, on top of the iret. Its
// return is SYSCALL with number -1; when the handler of that has returned, the iret call returns to the kernel.
import { threadCompleteCall } from "../engine/index";
import { completeInstruction, exec } from "../machine/instructions";
import { USER_TEXT, TEXT_PAGES, PAGE_BYTES } from "../machine/layout";
import { MachineOp, Step } from "../machine/ops";
import { setRunstate } from "../machine/time";
import { reg, RSP, Runstate, setReg } from "../machine/vcpu";
import { Context, contextAt, Cpu, token } from "./cpu";
import { resumeBelow } from "./contexts";
import { deliverFault, jumped } from "./events";
import { exitGuest } from "./lock";

/** Context.user: its function runs, or has returned and the system call that says so is under way. */
export const USER_RUNS: u32 = 1;
export const USER_RETURNED: u32 = 2;

const NUMBER_RETURNED: u64 = ~(<u64>0);
const argument: usize = memory.data(64, 8);

@inline
export function isUserText(va: u64): bool {
  return va - USER_TEXT < <u64>(TEXT_PAGES * PAGE_BYTES);
}

/** Keeps what the kernel has at an instruction that may go to user mode: it has it again when the user function is over. */
export function saveReturn(c: Cpu): void {
  const v = c.vcpu;
  const context = contextAt(c, c.depth);
  context.returnRsp = reg(v, RSP);
  context.returnFlags = v.rflags;
  context.returnSegments = v.cs | (v.ss << 16);
  context.returnCpl = v.cpl;
}

export function forgetReturn(context: Context): void {
  context.returnRsp = 0;
  context.returnFlags = 0;
  context.returnSegments = 0;
  context.returnCpl = 0;
}

/** The user function has returned: SYSCALL with number -1, at the token of its context. */
export function userReturned(c: Cpu): void {
  const v = c.vcpu;
  contextAt(c, c.depth).user = USER_RETURNED;
  c.pendingId = MachineOp.syscall;
  v.rip = token(c);
  store<u64>(argument, NUMBER_RETURNED);
  const status = exec(v, MachineOp.syscall, argument);
  if (status == Step.JUMP) jumped(c);
  else if (status == Step.EXIT) exitGuest(c);
  else deliverFault(c);
}

/** The system call is over: the context ends, and the iret call below it returns. */
export function finishUser(c: Cpu): void {
  const v = c.vcpu;
  contextAt(c, c.depth).user = 0;
  resumeBelow(c);
  const context = contextAt(c, c.depth);
  setReg(v, RSP, context.returnRsp);
  v.rflags = context.returnFlags;
  v.cs = context.returnSegments & 0xffff;
  v.ss = context.returnSegments >>> 16;
  v.cpl = context.returnCpl;
  context.startsUser = 0;
  forgetReturn(context);
  completeInstruction(v);
  threadCompleteCall(c.thread, reg(v, 0));
  v.rip = token(c);
  c.middle = 0;
  setRunstate(v, Runstate.GUEST);
}
