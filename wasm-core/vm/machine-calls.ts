// machine.* calls: each is an instruction at the resume token, executed by the machine, restartable.
import { HOST_DONE, HOST_LEAVE, HOST_RESTART, HOST_TRAP, instanceTag, memoryBase, memorySize } from "../engine/index";
import { asThread } from "../engine/thread";
import { implicitCount, implicitForget } from "../machine/implicit";
import { exec } from "../machine/instructions";
import { codeAddress } from "../machine/layout";
import { MachineOp, Step } from "../machine/ops";
import { EndKind, reg, setReg } from "../machine/vcpu";
import { sbDrainAll } from "../machine/storebuffer";
import { armContext } from "./contexts";
import { isUserText, saveReturn } from "./user";
import { callArgs, contextAt, contextRegisters, Cpu, LEAVE_CODE, LEAVE_END, LEAVE_EXIT, LEAVE_FAULT, LEAVE_JUMP, LEAVE_OP, LEAVE_POINT, LEAVE_SLEEP, token } from "./cpu";
import { FAIL_CONTROL, FAIL_DIED, fail, failBegin, failEnd } from "./failure";
import { Binding, bindingAt } from "./link";
import { pausesPass } from "./delays";
import { orderAfter } from "./early";
import { drainSleepers, implicitTouched } from "./explorer";
import { deliverable, guestPoint } from "./points";
import { END_NOT_OFFERED, END_OK, run } from "./run";
import { put, putU64 } from "./text";
import { traceMachine, tracing } from "./trace";
import { IDLE_YIELDS } from "./scheduler";
import { NEVER } from "../machine/timers";
import { WALK_DELIVERY, walkLater } from "./walks";

/** Bits of test.may_end: any orderly end, a crash, a triple fault, a power-off, a reset. */
export const MAY_SHUTDOWN: u32 = 1;
export const MAY_CRASH: u32 = 2;
export const MAY_TRIPLE_FAULT: u32 = 4;
export const MAY_POWER_OFF: u32 = 8;
export const MAY_RESET: u32 = 16;

/** Leaves the run loop; the call executes again when the thread runs again, unless it is completed. */
export function leave(c: Cpu, why: u32): i32 {
  c.leave = why;
  return HOST_RESTART;
}

/** Serves a machine.* call of this vCPU. */
export function machineCall(c: Cpu, id: u32, args: usize): i32 {
  if (id >= <u32>MachineOp.reg) return registerCall(c, id, args);
  if (contextAt(c, c.depth).armed) {
    fail(FAIL_CONTROL, -1, c, c.thread, "a machine instruction was executed after iret: after iret a handler must only return");
    return leave(c, LEAVE_END);
  }
  const v = c.vcpu;
  c.pendingId = id;
  let status: i32 = 0;
  for (;;) {
    if (!v.exec_active) v.rip = token(c);
    if (!guestPoint(c, id, args)) return leave(c, LEAVE_POINT);
    c.badEntries = 0;
    const a = load<u64>(args);
    const b = load<u64>(args, 8);
    if (id == <u32>MachineOp.iret) saveReturn(c);
    implicitForget();
    status = id - <u32>MachineOp.copy_in < 2 ? copy(c, id, args) : exec(v, id, args);
    if (tracing) traceMachine(c, id, a, b, status, load<u64>(args));
    if (implicitCount) implicitTouched(c);
    if (status < 0) return HOST_TRAP;
    if (status == Step.DONE) {
      c.middle = 0;
      orderAfter(c, id, args);
      completed(c, id);
      return id == <u32>MachineOp.iret ? armReturn(c) : HOST_DONE;
    }
    c.middle = status == Step.SPLIT ? 1 : 0;
    if (status == Step.SPLIT && v.event) return deliversLater(c);
    if (status != Step.SPLIT && status != Step.PART) break;
  }
  return finish(c, status);
}

const copyArgs: usize = memory.data(24, 8);

/** copy_in, copy_out: the machine is given the private memory's core address. Negative = outside the linear memory. */
function copy(c: Cpu, id: u32, args: usize): i32 {
  const inst = asThread(c.thread).instance;
  const at = load<u32>(args);
  const length = load<u32>(args, 16);
  if (<u64>at + length > <u64>memorySize(inst)) return -1;
  store<u64>(copyArgs, <u64>(memoryBase(inst) + at));
  store<u64>(copyArgs, load<u64>(args, 8), 8);
  store<u64>(copyArgs, length, 16);
  return exec(c.vcpu, id, copyArgs);
}

/** Bookkeeping of a completed instruction. */
function completed(c: Cpu, id: u32): void {
  if (id == <u32>MachineOp.pause) return paused(c);
  if (id == <u32>MachineOp.wrmsr) run.deadlineDirty = 1;
  if (id > <u32>MachineOp.load64) run.idleYields = 0;
}

/** pause: others first. Stores do not wait for ever: who spins, and who sleeps meanwhile, makes them visible. */
function paused(c: Cpu): void {
  c.yielded = 1;
  c.pauses += 1;
  c.sincePause = 0;
  c.pausedAt = c.instructions;
  run.idleYields += 1;
  // Who spins alone never leaves by itself: at its next point the main loop lets time go on.
  if (run.idleYields >= IDLE_YIELDS && run.deadline != NEVER) run.deadlineDirty = 1;
  if (c.pauses > 2) sbDrainAll(c.vcpu);
  drainSleepers(false);
  pausesPass();
}

/** A walk of the delivery that the instruction causes has made a locked step. */
function deliversLater(c: Cpu): i32 {
  walkLater(c, WALK_DELIVERY);
  return leave(c, LEAVE_POINT);
}

/** An instruction that did not simply complete. */
function finish(c: Cpu, status: i32): i32 {
  if (status == Step.FAULT) return leave(c, LEAVE_FAULT);
  if (status == Step.EXIT) return leave(c, LEAVE_EXIT);
  if (status == Step.SLEEP) {
    c.leave = LEAVE_SLEEP;
    return HOST_LEAVE;
  }
  if (status == Step.END) {
    machineEnded(c);
    return leave(c, LEAVE_END);
  }
  return leave(c, LEAVE_JUMP);
}

/** iret has loaded RIP from the frame. To user text: called on top. Else the handler has to return now, to its context or to code. */
function armReturn(c: Cpu): i32 {
  if (isUserText(c.vcpu.rip) && !(c.depth && contextAt(c, c.depth - 1).startsUser)) return leave(c, LEAVE_JUMP);
  if (c.depth == 0) {
    fail(FAIL_CONTROL, -1, c, c.thread, "iret outside a handler: there is no suspended context to return to");
    return leave(c, LEAVE_END);
  }
  armContext(c);
  return HOST_DONE;
}

/** The machine powered off, was reset or hit a triple fault without a hypervisor. */
export function machineEnded(c: Cpu): void {
  const v = c.vcpu;
  const orderly = MAY_SHUTDOWN | (v.end_kind == EndKind.RESET ? MAY_RESET : MAY_POWER_OFF);
  if (run.mayEnd & (v.end_kind == EndKind.TRIPLE_FAULT ? MAY_TRIPLE_FAULT : orderly)) {
    run.end = END_OK;
    run.shutdown = 1;
    return;
  }
  failBegin(FAIL_DIED, -1, c, c.thread);
  if (v.end_kind == EndKind.TRIPLE_FAULT) {
    put("triple fault: exception ");
    putU64(v.fault_vector);
    put(" could not be delivered, nor could the double fault");
  } else put(v.end_kind == EndKind.RESET ? "the machine was reset where the case did not allow it" : "the machine was powered off where the case did not allow it");
  failEnd();
}

/** Registers, code addresses, contexts. Never a scheduling point. */
function registerCall(c: Cpu, id: u32, args: usize): i32 {
  const v = c.vcpu;
  const r = load<u32>(args);
  switch (id) {
    case MachineOp.reg:
      store<u64>(args, r < 28 ? reg(v, r) : 0);
      return HOST_DONE;
    case MachineOp.set_reg:
      if (r < 28) setReg(v, r, load<u64>(args, 8));
      return HOST_DONE;
    case MachineOp.ctx_reg:
      store<u64>(args, r < 28 && c.depth ? load<u64>(contextRegisters(c, c.depth - 1) + (r << 3)) : 0);
      return HOST_DONE;
    case MachineOp.ctx_set_reg:
      if (r < 28 && c.depth) store<u64>(contextRegisters(c, c.depth - 1) + (r << 3), load<u64>(args, 8));
      return HOST_DONE;
    case MachineOp.code_addr:
      store<u64>(args, codeAddress(instanceTag(asThread(c.thread).instance) & 255, r, load<u32>(args, 8)));
      return HOST_DONE;
    case MachineOp.call_code:
      memory.copy(callArgs(c), args, 16);
      return leave(c, LEAVE_CODE);
    case MachineOp.vcpu:
      store<u64>(args, c.index);
      return HOST_DONE;
    default:
      // nop: a boundary at which interrupts are taken, but nobody else's turn.
      return deliverable(c) && !contextAt(c, c.depth).armed ? leave(c, LEAVE_POINT) : HOST_DONE;
  }
}

/** A pvi.* import of the kernel: the main loop enters whoever implements it. */
export function opCall(c: Cpu, index: u32, args: usize): i32 {
  const b = bindingAt(index);
  if (b.role < 0) return unoffered(c, b, args);
  c.callTarget = b.role == 2 ? c.guest : c.native;
  c.callFunc = b.func;
  c.callArgc = b.argc;
  c.callOp = b.op;
  c.callHasResult = b.results;
  memory.copy(callArgs(c), args, <usize>b.argc << 3);
  return leave(c, LEAVE_OP);
}

/** Nobody implements the op. half_init is optional: it then succeeds. */
function unoffered(c: Cpu, b: Binding, args: usize): i32 {
  if (b.op < 0) {
    store<u64>(args, 0);
    return HOST_DONE;
  }
  run.notOffered = b.op;
  run.end = END_NOT_OFFERED;
  return leave(c, LEAVE_END);
}
