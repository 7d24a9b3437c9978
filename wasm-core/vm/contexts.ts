// Contexts of a vCPU: entering a code address on top of what is suspended, and returning through an armed iret.
import { globalAddress, tableFunc, threadCompleteCall, threadEnter, threadResults, typeParam, typeParamCount, typeResultCount, funcType, instanceModule } from "../engine/index";
import { asThread } from "../engine/thread";
import { completeInstruction } from "../machine/instructions";
import { MachineOp, opResultType, Step } from "../machine/ops";
import { inject } from "../machine/entry";
import { checkFetch } from "../machine/translate";
import { finishUser, forgetReturn, isUserText, USER_RETURNED, USER_RUNS, userReturned } from "./user";
import { exitGuest } from "./lock";
import { codeRole, codeSlot } from "../machine/layout";
import { RAX, RFLAGS_IF, RSP, Runstate, reg, registersOf } from "../machine/vcpu";
import {
  callArgs,
  CONTEXTS_MAX,
  contextAt,
  contextRegisters,
  Cpu,
  ENTRY_CODE,
  ENTRY_HANDLER,
  ENTRY_OP,
  ENTRY_ROLE,
  ENTRY_START,
  ENTRY_USER,
  entryKind,
  instanceOf,
  innermostOp,
  opHasResult,
  pushEntry,
  pushOp,
  REGISTERS_BYTES,
  token,
} from "./cpu";
import { countChange } from "./costs";
import { deliverFault } from "./events";
import { implicitForget } from "../machine/implicit";
import { decideDelivery, decideWalk, implicitTouched } from "./explorer";
import { FAIL_BAD_ENTRY, FAIL_CONTROL, FAIL_TRAP, fail, failBegin, failEnd } from "./failure";
import { kernelStart, stackPointerGlobal } from "./link";
import { setRunstate } from "../machine/time";
import { startAddress } from "./params";
import { parkVcpu } from "./park";
import { END_OK, run } from "./run";
import { put, putHex } from "./text";
import { injected, WALK_FETCH, WALK_FETCH_BY_HOST, walkLater } from "./walks";
import { traceEnter, traceLeave, tracing } from "./trace";

/** Bytes that nested entries leave free below __stack_pointer: the red zone of 128 and alignment. */
const RED_ZONE_BYTES: u32 = 144;

const targetCell: usize = memory.data(8, 4);

/** Finds the function at a code address: {instance, function} in targetCell; false when there is no such function of type (i64) -> (). */
function resolve(c: Cpu, address: u64): bool {
  const role = codeRole(address);
  if (role < 0) return false;
  if (address == startAddress()) {
    store<u32>(targetCell, c.kernel);
    store<u32>(targetCell, kernelStart, 4);
    return true;
  }
  const inst = instanceOf(c, role);
  if (!inst || !tableFunc(inst, codeSlot(address), targetCell, targetCell + 4)) return false;
  const type = funcType(instanceModule(load<u32>(targetCell)), load<u32>(targetCell, 4));
  return typeParamCount(type) == 1 && typeResultCount(type) == 0 && typeParam(type, 0) == 0x7e;
}

/** Makes an entry on the vCPU's thread; the address of its arguments, or 0 with the run ended. */
function enter(c: Cpu, inst: usize, func: u32, argc: u32, kind: u32): usize {
  const args = pushEntry(c, kind) ? threadEnter(c.thread, inst, func, argc) : 0;
  if (!args) fail(FAIL_TRAP, -1, c, c.thread, "the call stack of the vCPU is exhausted: too deep a recursion of calls, ops and handlers");
  return args;
}

/** Calls the code at RIP with RSP as its argument: a handler on top of what is suspended, or the vCPU's first code. False = the run ended. */
export function enterCode(c: Cpu, byHost: bool, base: bool): bool {
  const v = c.vcpu;
  c.refault = 0;
  if (!resolve(c, v.rip)) return badTarget(c, byHost);
  const user = !base && isUserText(v.rip);
  if (user) contextAt(c, c.depth).startsUser = 1;
  setRunstate(v, Runstate.GUEST);
  if (!mayFetch(c, byHost)) return true;
  const context = contextAt(c, c.depth);
  if (context.unfetched == v.rip) context.unfetched = 0;
  if (!base) {
    if (c.depth == CONTEXTS_MAX) {
      fail(FAIL_CONTROL, -1, c, c.thread, "handlers are nested deeper than 16 on one vCPU");
      return false;
    }
    suspend(c);
  }
  const args = enter(c, load<u32>(targetCell), load<u32>(targetCell, 4), 1, base ? ENTRY_START : user ? ENTRY_USER : ENTRY_HANDLER);
  if (!args) return false;
  if (user) contextAt(c, c.depth).user = USER_RUNS;
  store<u64>(args, reg(v, RSP));
  c.parked = 0;
  c.halted = 0;
  setRunstate(v, Runstate.GUEST);
  return true;
}

/**
 * Whether RIP can be fetched, by the tables that the machine walks. Otherwise its fault (or the second level's exit) is next, and
 * control comes here again when that is repaired, or when others had their turn behind a locked step of the walk.
 */
function mayFetch(c: Cpu, byHost: bool): bool {
  const v = c.vcpu;
  implicitForget();
  const status = checkFetch(v, v.rip);
  implicitTouched(c);
  if (status == Step.DONE) return true;
  const context = contextAt(c, c.depth);
  // A handler of the fault may not be fetched either: the first one is returned to.
  if (!context.unfetched) context.unfetched = v.rip;
  if (status == Step.EXIT) exitGuest(c);
  else if (status == Step.SPLIT) walkLater(c, byHost ? WALK_FETCH_BY_HOST : WALK_FETCH);
  else c.refault = 1;
  return false;
}

/** Whether code that is entered at RIP now is the vCPU's first; where that could not be fetched, another one is a handler of the fault. */
export function entersBase(c: Cpu): bool {
  if (c.entries || c.parked || c.depth) return false;
  const first = contextAt(c, 0).unfetched;
  return !first || first == c.vcpu.rip;
}

function badTarget(c: Cpu, byHost: bool): bool {
  failBegin(byHost ? FAIL_BAD_ENTRY : FAIL_CONTROL, -1, c, c.thread);
  put("control went to RIP ");
  putHex(c.vcpu.rip);
  put(", which is neither the resume token ");
  putHex(token(c));
  put(" of the innermost context (or one more) nor the address of a function of type (i64) -> ()");
  failEnd();
  return false;
}

function suspend(c: Cpu): void {
  const v = c.vcpu;
  const context = contextAt(c, c.depth);
  memory.copy(contextRegisters(c, c.depth), registersOf(v), REGISTERS_BYTES);
  context.execActive = v.exec_active;
  context.progress = v.progress;
  context.pendingId = c.pendingId;
  v.exec_active = 0;
  v.progress = 0;
  context.sp0 = lowerStack(c, 0);
  context.sp1 = lowerStack(c, 1);
  context.sp2 = lowerStack(c, 2);
  context.sp3 = lowerStack(c, 3);
  c.depth += 1;
  const above = contextAt(c, c.depth);
  above.armed = 0;
  above.unfetched = 0;
  above.entries = c.entries;
}

function lowerStack(c: Cpu, role: u32): u32 {
  const global = stackPointerGlobal(role);
  const inst = instanceOf(c, role);
  if (global < 0 || !inst) return 0;
  const cell = globalAddress(inst, global);
  const before = load<u32>(cell);
  store<u64>(cell, <u64>((before - RED_ZONE_BYTES) & ~15));
  return before;
}

function raiseStack(c: Cpu, role: u32, before: u32): void {
  const global = stackPointerGlobal(role);
  const inst = instanceOf(c, role);
  if (global >= 0 && inst) store<u64>(globalAddress(inst, global), <u64>before);
}

/** Enters the guest at RIP: resumes the innermost context, or nests. False = the run ended. */
export function resumeAt(c: Cpu, byHost: bool): bool {
  const v = c.vcpu;
  const context = contextAt(c, c.depth);
  if (byHost && !context.startsUser && !isUserText(v.rip)) forgetReturn(context);
  if (context.user == USER_RETURNED && v.rip - token(c) <= 1) {
    if (v.rip == token(c)) userReturned(c);
    else finishUser(c);
    return true;
  }
  if (byHost && isArmedAt(c, v.rip)) {
    setRunstate(v, Runstate.GUEST);
    return true;
  }
  if (v.exec_active && !(byHost && codeRole(v.rip) >= 0)) {
    setRunstate(v, Runstate.GUEST);
    return true;
  }
  if (v.rip == token(c)) return resumeHere(c);
  if (v.rip == token(c) + 1 && asThread(c.thread).pending) {
    const rax = reg(v, RAX);
    threadCompleteCall(c.thread, opResultType(c.pendingId) == 0x7f ? rax & 0xffff_ffff : rax);
    completeInstruction(v);
    v.rip = token(c);
    c.middle = 0;
    return resumeHere(c);
  }
  return enterCode(c, byHost, entersBase(c));
}

/** Whether the innermost context has returned to RIP, and only its function has not yet. */
function isArmedAt(c: Cpu, rip: u64): bool {
  return contextAt(c, c.depth).armed != 0 && rip == contextAt(c, c.depth).rip;
}

/** Whether RIP names the context below the innermost one, whose handler is at an instruction by which a host half may return from it. */
function returnsOut(c: Cpu): bool {
  if (c.depth == 0 || contextAt(c, c.depth).armed || !asThread(c.thread).pending) return false;
  const id = c.pendingId;
  const mayReturn = id == <u32>MachineOp.iret || (id >= <u32>MachineOp.syscall && id <= <u32>MachineOp.exec);
  if (!mayReturn) return false;
  const outer = contextAt(c, c.depth - 1);
  const rip = c.vcpu.rip;
  if (outer.armed) return rip == outer.rip;
  if (outer.unfetched && rip == outer.unfetched) return true;
  if (outer.startsUser && isUserText(rip)) return true;
  if (outer.execActive) return codeRole(rip) < 0;
  return rip - (token(c) - 16) <= 1;
}

/**
 * Guest mode is entered where an iret that the host half has done leads to: its call is complete, and the handler has to return
 * now. Before anything else, since an event may be injected there.
 */
export function armIfReturning(c: Cpu): void {
  if (!returnsOut(c)) return;
  const v = c.vcpu;
  completeInstruction(v);
  threadCompleteCall(c.thread, reg(v, RAX));
  c.middle = 0;
  armContext(c);
  c.halted = 0;
}

/** After iret: RIP is where the context below goes on. */
export function armContext(c: Cpu): void {
  const context = contextAt(c, c.depth);
  forgetReturn(context);
  context.armed = 1;
  context.rip = c.vcpu.rip;
}

function resumeHere(c: Cpu): bool {
  contextAt(c, c.depth).unfetched = 0;
  // A parked vCPU has nothing to resume: it sleeps again.
  if (c.entries == 0) parkVcpu(c);
  else setRunstate(c.vcpu, c.halted ? Runstate.HALTED : Runstate.GUEST);
  c.halted = 0;
  return true;
}

/** The innermost entry of the thread returned. */
export function entryReturned(c: Cpu): void {
  c.entries -= 1;
  const kind = entryKind(c, c.entries);
  if (kind == ENTRY_OP) return opReturned(c);
  if (kind == ENTRY_CODE) return threadCompleteCall(c.thread, 0);
  if (kind == ENTRY_HANDLER) return handlerReturned(c);
  if (kind == ENTRY_USER) return userReturned(c);
  parkVcpu(c);
  if (kind != ENTRY_ROLE) return;
  run.rolesLeft -= 1;
  if (run.rolesLeft == 0) run.end = END_OK;
}

function opReturned(c: Cpu): void {
  const result = opHasResult(c) ? load<u64>(threadResults(c.thread)) : 0;
  if (tracing) traceLeave(c, innermostOp(c), result);
  countChange(c);
  c.ops -= 1;
  threadCompleteCall(c.thread, result);
}

function handlerReturned(c: Cpu): void {
  const v = c.vcpu;
  if (!contextAt(c, c.depth).armed) return fail(FAIL_CONTROL, -1, c, c.thread, "a handler returned without iret: every handler must end in cpu.iret or machine.iret");
  contextAt(c, c.depth).armed = 0;
  contextAt(c, c.depth).rip = 0;
  const rsp = reg(v, RSP);
  resumeBelow(c);
  store<u64>(registersOf(v) + (RSP << 3), rsp);
  const context = contextAt(c, c.depth);
  // The host half came between iret and the return of a handler: that goes on.
  if (context.armed && v.rip == context.rip) return;
  if (v.entry_event >> 31) return injectHere(c);
  if (v.exec_active || v.rip == token(c) || v.rip == token(c) + 1) {
    resumeAt(c, false);
    return;
  }
  if (codeRole(v.rip) >= 0) {
    enterCode(c, false, entersBase(c));
    return;
  }
  failBegin(FAIL_CONTROL, -1, c, 0);
  put("iret returned to RIP ");
  putHex(v.rip);
  put(", but the innermost suspended context is ");
  putHex(token(c));
  failEnd();
}

/** The event that a host half injected together with the return to this boundary. */
function injectHere(c: Cpu): void {
  decideDelivery(c);
  injected(c, inject(c.vcpu, 1));
}

/** The innermost context ends: the one below has its registers again, and RIP and RSP as they are. */
export function resumeBelow(c: Cpu): void {
  const v = c.vcpu;
  c.depth -= 1;
  const context = contextAt(c, c.depth);
  memory.copy(registersOf(v), contextRegisters(c, c.depth), REGISTERS_BYTES);
  v.exec_active = context.execActive;
  v.progress = context.progress;
  c.pendingId = context.pendingId;
  raiseStack(c, 0, context.sp0);
  raiseStack(c, 1, context.sp1);
  raiseStack(c, 2, context.sp2);
  raiseStack(c, 3, context.sp3);
}

/** Makes the op call that the kernel's import asked for. */
export function enterOp(c: Cpu): void {
  const args = enter(c, c.callTarget, c.callFunc, c.callArgc, ENTRY_OP);
  if (!args) return;
  memory.copy(args, callArgs(c), <usize>c.callArgc << 3);
  if (tracing) traceEnter(c, c.callOp, c.callArgc > 0 ? load<u64>(args) : 0, c.callArgc > 1 ? load<u64>(args, 8) : 0);
  countChange(c);
  pushOp(c, c.callOp, c.callHasResult);
}

/** Makes the jump-and-return of machine.call_code. */
export function enterCallCode(c: Cpu): void {
  const v = c.vcpu;
  const address = load<u64>(callArgs(c));
  c.pendingId = MachineOp.call_code;
  v.rip = token(c);
  if (!resolve(c, address)) {
    failBegin(FAIL_CONTROL, -1, c, c.thread);
    put("call_code jumped to ");
    putHex(address);
    put(", which is not the address of a function of type (i64) -> ()");
    return failEnd();
  }
  implicitForget();
  let status = checkFetch(v, address);
  while (status == Step.SPLIT && decideWalk(c)) status = checkFetch(v, address);
  implicitTouched(c);
  if (status == Step.FAULT) return deliverFault(c);
  if (status == Step.EXIT) return exitGuest(c);
  if (status == Step.SPLIT) return;
  const args = enter(c, load<u32>(targetCell), load<u32>(targetCell, 4), 1, ENTRY_CODE);
  if (args) store<u64>(args, load<u64>(callArgs(c), 8));
}

/** Starts a role's body on a parked vCPU. */
export function enterRole(c: Cpu, func: u32, caseIndex: u32, role: u32): void {
  const args = enter(c, c.kernel, func, 2, ENTRY_ROLE);
  if (!args) return;
  store<u64>(args, caseIndex);
  store<u64>(args, role, 8);
  c.role = role;
  c.parked = 0;
  c.vcpu.rflags |= RFLAGS_IF;
  setRunstate(c.vcpu, Runstate.GUEST);
}
