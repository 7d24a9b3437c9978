/** Code at user privilege (CPL 3): the way there by IRET and back by SYSCALL. */
import * as machine from "../../sdk/as/machine";

const MSR_STAR: i32 = 0xc000_0081;
const MSR_LSTAR: i32 = 0xc000_0082;
const MSR_SFMASK: i32 = 0xc000_0084;
/** Register in which SYSCALL leaves RFLAGS. */
const R11: i32 = 11;
const RFLAGS_IF: i64 = 0x200;
const RFLAGS_FIXED: i64 = 2;
const KERNEL_CODE: i64 = 0x08;
const USER_CODE: i64 = 0x2b;
const USER_STACK: i64 = 0x23;
/** Nothing is mapped there: user code of the cases keeps everything in private memory. */
const USER_RSP: i64 = 0x7fff_0000;

/** va of 40 bytes for the frame of the return to user code. */
let returnFrame: i64 = 0;

/** Runs `body`, (rsp) -> (), at user privilege on this vCPU. `scratch` is the va of 128 bytes that nobody else uses. */
export function runAsUser(body: (rsp: i64) => void, scratch: i64): void {
  machine.wrmsr(MSR_STAR, KERNEL_CODE << 32);
  machine.wrmsr(MSR_SFMASK, RFLAGS_IF);
  machine.wrmsr(MSR_LSTAR, machine.code_addr(<i32>onSyscall.index, 0));
  returnFrame = scratch + 64;
  writeFrame(scratch, machine.code_addr(<i32>body.index, 1), RFLAGS_IF | RFLAGS_FIXED, USER_RSP);
  machine.iret(scratch);
}

/** The only system call is the one that the return of user code is: back to where it came from, on the user's stack pointer. */
function onSyscall(rsp: i64): void {
  writeFrame(returnFrame, machine.reg(machine.RCX), machine.reg(R11), rsp);
  machine.iret(returnFrame);
}

/** | RIP | CS | RFLAGS | RSP | SS | */
function writeFrame(at: i64, rip: i64, rflags: i64, rsp: i64): void {
  machine.store64(at, rip);
  machine.store64(at + 8, USER_CODE);
  machine.store64(at + 16, rflags);
  machine.store64(at + 24, rsp);
  machine.store64(at + 32, USER_STACK);
}
