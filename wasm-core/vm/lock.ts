// The host half's one lock: calls wait in order, each runs to its return, then says what becomes of its vCPU.
import { threadEnter, threadReset, threadResults } from "../engine/index";
import { enterGuest as enterMachine, leaveGuest } from "../machine/entry";
import { completeInstruction } from "../machine/instructions";
import { Step } from "../machine/ops";
import { Kind } from "../machine/config";
import { sbDrainAll, sbDrainLocked, sbMarkLocked } from "../machine/storebuffer";
import { setRunstate } from "../machine/time";
import { Exit, Runstate, vcpuAt } from "../machine/vcpu";
import { config } from "./config";
import { bootFirstEntry } from "./boot";
import { armIfReturning, resumeAt } from "./contexts";
import { countExit } from "./costs";
import { contextAt, Cpu, cpuAt, token } from "./cpu";
import { orderAll } from "./early";
import { decideDelivery } from "./explorer";
import { FAIL_BAD_ENTRY, FAIL_TRAP, fail, failBegin, failEnd, failureToHost } from "./failure";
import { hostBootFunc, hostEnterFunc, hostExitFunc, hostInstance, hostSchedFunc, hostThread, hostTimerFunc } from "./link";
import { HOST_BOOT, HOST_ENTER, HOST_EXIT, HOST_SCHED, HOST_TIMER, NESTED_AWAY, NESTED_LEAVES, QUEUE_MAX, queueAt, queueDrop, queuePush, run } from "./run";
import { put, putI64, putU64 } from "./text";
import { saveReturn } from "./user";
import { injected } from "./walks";
import { traceExit, traceHostCall, tracing } from "./trace";

/** Actions of host.exit. */
const ACTION_ENTER: i32 = 0;
const ACTION_BLOCK: i32 = 1;
const ACTION_YIELD: i32 = 2;
const ACTION_OFF: i32 = 3;

/** EXIT_INSN of iret. */
const INSN_IRET: u32 = 18;
/** Fuel that a call of the host half costs beside its instructions, so that empty functions end too. */
const HOST_CALL_FUEL: i64 = 8;

@inline
export function inGuest(c: Cpu): bool {
  return c.vcpu.runstate == Runstate.GUEST || c.vcpu.runstate == Runstate.HALTED;
}

/** The vCPU leaves guest mode for the host half with the exit that the machine recorded. */
export function exitGuest(c: Cpu): void {
  const v = c.vcpu;
  if (mayLeadToUser(v.exit_reason, v.exit_insn) && !contextAt(c, c.depth).startsUser) saveReturn(c);
  takeOut(c);
  run.idleYields = 0;
  c.exits += 1;
  countExit(c, v.exit_reason);
  if (tracing) traceExit(c);
  queuePush(false, HOST_EXIT, c.index, c.index, v.exit_reason);
}

/** Exits that a host half may answer by what iret does. */
function mayLeadToUser(reason: u32, insn: u32): bool {
  return reason == <u32>Exit.HYPERCALL || (reason == <u32>Exit.INSN && insn == INSN_IRET);
}

/** Out of guest mode, without a call of the host half; it sleeps on if it was halted. */
export function takeOut(c: Cpu): void {
  c.halted = c.vcpu.runstate == Runstate.HALTED ? 1 : 0;
  orderAll(c);
  leaveGuest(c.vcpu);
}

/** takeOut between two instructions, for another's sake: RIP may still be the code address that a handler was entered at. */
export function takeOutBetween(c: Cpu): void {
  const v = c.vcpu;
  if (!v.exec_active && !contextAt(c, c.depth).armed) v.rip = token(c);
  countExit(c, Exit.KICK);
  takeOut(c);
}

/** Hands the lock to the next waiting call. */
export function startHostCall(): void {
  const request = queueAt(0);
  const fn = load<u32>(request);
  const c = cpuAt(load<u32>(request, 4));
  run.queueFirst = (run.queueFirst + 1) & (QUEUE_MAX - 1);
  run.queueCount -= 1;
  takeLock(c);
  run.hostActive = 1;
  run.hostCpu = c.index;
  run.hostFunction = fn;
  run.hostVcpu = load<i32>(request, 8);
  run.hostArg = load<u32>(request, 12);
  if (run.current != c.index && (fn == HOST_TIMER || (fn == HOST_SCHED && run.hostArg == 0))) run.previous = run.current;
  takeTurn(c);
  run.fuelUsed += HOST_CALL_FUEL;
  if (tracing) traceHostCall(c, fn, run.hostVcpu, run.hostArg);
  enterHost(fn, run.hostVcpu, run.hostArg);
}

/** It is this CPU's turn by the order of the lock, not by a choice: before it does anything, others may come first. */
function takeTurn(c: Cpu): void {
  if (run.current != c.index) c.visible = 1;
  run.current = c.index;
}

/** Whoever takes the lock sees what was stored under it before: releasing a real lock is a store behind those. */
function takeLock(c: Cpu): void {
  for (let i: u32 = 0; i < config.vcpus; i++) if (i != c.index) sbDrainLocked(vcpuAt(i));
}

/** Calls a function of the host half on its thread, nested if one is active (resched). */
export function enterHost(fn: u32, vcpu: i32, arg: u32): void {
  const func = functionOf(fn);
  const argc: u32 = fn == HOST_BOOT ? 0 : fn == HOST_ENTER ? 1 : 2;
  const args = threadEnter(hostThread, hostInstance, func, argc);
  if (!args) return fail(FAIL_TRAP, -1, cpuAt(run.hostCpu), hostThread, "the call stack of the host half is exhausted: too deep a recursion");
  if (argc > 0) store<u64>(args, <u64>(<u32>vcpu));
  if (argc > 1) store<u64>(args, <u64>arg, 8);
}

export function functionOf(fn: u32): i32 {
  if (fn == HOST_BOOT) return hostBootFunc;
  if (fn == HOST_EXIT) return hostExitFunc;
  if (fn == HOST_ENTER) return hostEnterFunc;
  return fn == HOST_SCHED ? hostSchedFunc : hostTimerFunc;
}

/** Whether the stores of the active call, which has returned, become visible now: guest entry (not in D) and idling follow. */
export function returnDrains(): bool {
  if (run.hostNested) return false;
  return !staysOnCpu(run.hostFunction) || (entersNow(run.hostFunction) && config.kind != <u32>Kind.DIRECT);
}

/** Whether the CPU goes on with the vCPU that the call concerned: to guest mode, or to another call before that. */
function staysOnCpu(fn: u32): bool {
  if (fn == HOST_EXIT) return load<i32>(threadResults(hostThread)) == ACTION_ENTER;
  if (fn == HOST_TIMER) return cpuAt(run.hostCpu).reenter != 0;
  return fn == HOST_ENTER || (fn == HOST_SCHED && run.hostArg == 1);
}

function entersNow(fn: u32): bool {
  return fn == HOST_ENTER || hostEnterFunc < 0;
}

/** The active call returned. */
export function hostReturned(): void {
  if (run.hostNested) return nestedReturned();
  const c = cpuAt(run.hostCpu);
  const fn = run.hostFunction;
  const result = fn == HOST_BOOT || fn == HOST_EXIT ? load<i32>(threadResults(hostThread)) : 0;
  if (staysOnCpu(fn)) sbMarkLocked(c.vcpu);
  else sbDrainAll(c.vcpu);
  run.hostActive = 0;
  releaseAll();
  goBack(fn);
  if (fn == HOST_EXIT) return act(c, result);
  // Turned off while this call waited for its turn.
  if (c.vcpu.runstate == Runstate.OFF && fn != HOST_BOOT && fn != HOST_TIMER) return;
  if (fn == HOST_ENTER) return enterGuest(c);
  if (fn == HOST_TIMER) {
    if (c.reenter) beginEntry(c);
    c.reenter = 0;
    return;
  }
  if (fn == HOST_SCHED) {
    if (run.hostArg == 1) beginEntry(c);
    else c.leaving = 0;
    return;
  }
  if (fn == HOST_BOOT) hostBooted(c, result);
}

/** A call that came in between for another CPU is over: whoever ran goes on. */
function goBack(fn: u32): void {
  if (run.previous < 0 || fn == HOST_EXIT) return;
  takeTurn(cpuAt(run.previous));
  run.previous = -1;
}

function hostBooted(c: Cpu, result: i32): void {
  run.hostBooted = 1;
  if (result >= 0) return bootFirstEntry();
  failBegin(FAIL_BAD_ENTRY, -1, c, 0);
  put("host.boot answered the error ");
  putI64(result);
  failEnd();
}

/** sched(v, 2) leaves the vCPU descheduled; after sched(v, 1) the call that resched is part of goes on. */
function nestedReturned(): void {
  run.hostNested = run.hostNested == NESTED_LEAVES ? NESTED_AWAY : 0;
}

function act(c: Cpu, action: i32): void {
  const v = c.vcpu;
  // Turned off by itself: nothing is left that an action could be about.
  if (isOff(c)) return;
  if (action == ACTION_ENTER) return beginEntry(c);
  c.schedDue = 1;
  if (action == ACTION_BLOCK) setRunstate(v, Runstate.BLOCKED);
  else if (action == ACTION_YIELD) {
    setRunstate(v, Runstate.READY);
    c.yielded = 1;
  } else if (action == ACTION_OFF) turnOff(c);
  else {
    failBegin(FAIL_BAD_ENTRY, -1, c, 0);
    put("host.exit answered the action ");
    putI64(action);
    put(" to exit ");
    putU64(v.exit_reason);
    put("; there are 0 ENTER, 1 BLOCK, 2 YIELD, 3 OFF");
    failEnd();
    failureToHost();
  }
}

function isOff(c: Cpu): bool {
  return c.vcpu.runstate == Runstate.OFF || c.vcpu.runstate == Runstate.WAIT_SIPI;
}

/** A vCPU that is off has no contexts, and nothing waits for it. */
export function turnOff(c: Cpu): void {
  c.stopped = 0;
  c.stopWanted = 0;
  c.reenter = 0;
  c.leaving = 0;
  c.middle = 0;
  c.walks = 0;
  c.barrier = -1;
  completeInstruction(c.vcpu);
  queueDrop(c.index);
  threadReset(c.thread);
  c.entries = 0;
  c.depth = 0;
  contextAt(c, 0).unfetched = 0;
  c.ops = 0;
  c.parked = 0;
  c.halted = 0;
  c.schedDue = 0;
  c.reenter = 0;
  if (c.role >= 0) run.rolesLeft -= 1;
  c.role = -1;
  setRunstate(c.vcpu, Runstate.OFF);
}

/** Towards guest mode: the hook first, under the same lock. */
export function beginEntry(c: Cpu): void {
  if (isOff(c)) return;
  setRunstate(c.vcpu, Runstate.HOST);
  if (c.schedDue && hostSchedFunc >= 0) {
    c.schedDue = 0;
    queuePush(true, HOST_SCHED, c.index, c.index, 1);
  } else if (hostEnterFunc >= 0) queuePush(true, HOST_ENTER, c.index, c.index, 0);
  else enterGuest(c);
}

/** The last step into guest mode: checks of the fields, injection, and a look at RIP. */
function enterGuest(c: Cpu): void {
  const v = c.vcpu;
  if (isOff(c)) return;
  if (c.stopped) {
    c.reenter = 1;
    return;
  }
  armIfReturning(c);
  // Behind an iret the event comes at the boundary that is returned to: contexts.ts.
  const injects = contextAt(c, c.depth).armed == 0;
  if (injects && v.entry_event >> 31) decideDelivery(c);
  const status = enterMachine(v, injects);
  if (status == Step.EXIT && v.exit_reason == Exit.BAD_ENTRY) return badEntry(c);
  if (status != Step.DONE) return injected(c, status);
  if (!resumeAt(c, true)) failureToHost();
}

/** The machine refused the fields: the host half learns it once; a second time without progress is its verdict. */
function badEntry(c: Cpu): void {
  c.badEntries += 1;
  if (c.badEntries < 2) return exitGuest(c);
  failBegin(FAIL_BAD_ENTRY, -1, c, 0);
  put("the fields of the vCPU do not pass the entry checks, twice without progress; field ");
  putU64(c.vcpu.exit_a);
  failEnd();
  failureToHost();
}

function releaseAll(): void {
  for (let i: u32 = 0; i < config.vcpus; i++) release(cpuAt(i));
}

/** Ends host.stop: the vCPU goes back to guest mode, through the hook. */
export function release(c: Cpu): void {
  c.stopWanted = 0;
  if (!c.stopped) return;
  c.stopped = 0;
  if (!c.reenter) return;
  c.reenter = 0;
  if (hostEnterFunc >= 0) queuePush(false, HOST_ENTER, c.index, c.index, 0);
  else enterGuest(c);
}
