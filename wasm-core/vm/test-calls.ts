// test.* calls of the kernel: expectations, outcomes, planned events, oracles. No effect on the machine but where named.
import { HOST_DONE, HOST_TRAP, memoryBase, memorySize } from "../engine/index";
import { asThread } from "../engine/thread";
import { testVector } from "../machine/apic";
import { MachineOp } from "../machine/ops";
import { machine } from "../machine/machine";
import { SLAT_MISS, toMachine } from "../machine/second-level";
import { sbCount, sbDrainAll, sbLoad } from "../machine/storebuffer";
import { advance, timeAvailable, timeStolen, tscOf } from "../machine/time";
import { tlbProbe } from "../machine/tlb";
import { deliveredCount, interruptsEnabled, irrOf, isrOf, Runstate } from "../machine/vcpu";
import { config, unitRoles } from "./config";
import { countChange } from "./costs";
import { Cpu, cpuAt, LEAVE_END, LEAVE_POINT } from "./cpu";
import { orderAll } from "./early";
import { choose } from "./explorer";
import { FAIL_EXPECT, fail, failBegin, failEnd, failure, noteSet } from "./failure";
import { TestOp } from "./imports";
import { leave } from "./machine-calls";
import { clauseReached, outcomeSet } from "./outcome-set";
import { kernelParam } from "./params";
import { guestPoint } from "./points";
import { PLAN_UTC, planAdd } from "./plan";
import { revokedAdd } from "./revoked";
import { END_NOT_OFFERED, run } from "./run";
import { clockPoint } from "./scheduler";
import { put, putI64 } from "./text";
import { traceNote, traceTest, tracing } from "./trace";

const BARRIER_NONE: i32 = -1;
/** The barrier has opened; the waiting call completes when the vCPU runs next. */
const BARRIER_OPEN: i32 = -2;

/** Serves a test.* call. */
export function testCall(c: Cpu, id: u32, args: usize): i32 {
  const a = load<u64>(args);
  const b = load<u64>(args, 8);
  if (tracing) traceTest(c, id, a, b);
  // What the kernel learns or does here is nothing that an instruction could overtake; parameters are as constants.
  if (id != <u32>TestOp.param) orderAll(c);
  switch (id) {
    case TestOp.expect:
      return expect(c, <u32>a, <u32>b != 0, false, 0, 0);
    case TestOp.expect_eq:
      return expect(c, <u32>a, b == load<u64>(args, 16), true, load<u64>(args, 16), b);
    case TestOp.fail:
      return failCode(c, <u32>a, <i32>b);
    case TestOp.note:
      return note(c, <u32>a, <u32>b);
    case TestOp.not_offered:
      run.notOffered = <i32>a;
      run.end = END_NOT_OFFERED;
      return leave(c, LEAVE_END);
    case TestOp.may_end:
      run.mayEnd = <u32>a;
      return HOST_DONE;
    case TestOp.barrier:
      return barrier(c, <i32>a, args);
    case TestOp.quiet:
      if (<u32>a) run.quiet |= 1 << c.index;
      else run.quiet &= ~(1 << c.index);
      return HOST_DONE;
    case TestOp.outcome:
      outcomeSet(<u32>a, b);
      return HOST_DONE;
    case TestOp.choose:
      store<u64>(args, choose(c, <u32>a));
      return HOST_DONE;
    default:
      return control(c, id, args, a, b);
  }
}

/** What is due is pending on return. A host timer takes the calling vCPU out of guest mode at its next boundary, not amid the call. */
function serveClock(c: Cpu): void {
  const middle = c.middle;
  c.middle = 1;
  clockPoint();
  c.middle = middle;
  run.deadlineDirty = 1;
}

function control(c: Cpu, id: u32, args: usize, a: u64, b: u64): i32 {
  const target = <u32>a < config.vcpus ? cpuAt(<u32>a) : c;
  switch (id) {
    case TestOp.plan:
      if (b < config.vcpus && <u32>a <= PLAN_UTC) planAdd(<u32>a, <u32>b, load<u64>(args, 16), load<u64>(args, 24));
      return HOST_DONE;
    case TestOp.advance:
      advance(a);
      serveClock(c);
      return HOST_DONE;
    case TestOp.cost_begin:
    case TestOp.cost_end:
      scopeSwitch(c, <u32>a, id == TestOp.cost_begin);
      return HOST_DONE;
    case TestOp.peek:
      store<u64>(args, peek(c, a));
      return HOST_DONE;
    case TestOp.tlb:
      store<u64>(args, <u64>tlbProbe(target.vcpu, b));
      return HOST_DONE;
    case TestOp.state:
      store<u64>(args, stateOf(target, <u32>b));
      return HOST_DONE;
    case TestOp.revoked:
      return revokedAdd(<u32>a, b, load<u32>(args, 16)) ? HOST_DONE : HOST_TRAP;
    default:
      store<u64>(args, kernelParam(c, <u32>a));
      return HOST_DONE;
  }
}

/** Bit 8 of a scope's number: on all vCPUs, with what their handlers and the host half do for them. */
const SCOPE_EVERYBODY: u32 = 0x100;

function scopeSwitch(c: Cpu, scope: u32, open: bool): void {
  const bit = <u64>1 << (scope & 63);
  if ((scope & ~SCOPE_EVERYBODY) > 63) return;
  for (let i: u32 = 0; i < config.vcpus; i++) {
    const other = cpuAt(i);
    if (other.index != c.index && !(scope & SCOPE_EVERYBODY)) continue;
    countChange(other);
    if (open) other.scopes |= bit;
    else other.scopes &= ~bit;
  }
}

function expect(c: Cpu, clause: u32, holds: bool, numbers: bool, expected: u64, seen: u64): i32 {
  clauseReached(clause);
  if (holds) {
    noteSet(c, 0, 0);
    return HOST_DONE;
  }
  fail(FAIL_EXPECT, clause, c, c.thread, "an expectation of the case does not hold");
  failure.numbers = numbers ? 1 : 0;
  failure.expected = expected;
  failure.seen = seen;
  return leave(c, LEAVE_END);
}

function failCode(c: Cpu, clause: u32, code: i32): i32 {
  clauseReached(clause);
  failBegin(FAIL_EXPECT, clause, c, c.thread);
  put("the case reports failure code ");
  putI64(code);
  failEnd();
  return leave(c, LEAVE_END);
}

function note(c: Cpu, at: u32, length: u32): i32 {
  const inst = asThread(c.thread).instance;
  if (<u64>at + length > <u64>memorySize(inst)) return HOST_TRAP;
  noteSet(c, memoryBase(inst) + at, length);
  if (tracing) traceNote(memoryBase(inst) + at, length);
  return HOST_DONE;
}

/** Waits until every role has arrived; stores drain. */
function barrier(c: Cpu, id: i32, args: usize): i32 {
  if (c.role < 0) return HOST_DONE;
  if (c.barrier == BARRIER_OPEN) {
    c.barrier = BARRIER_NONE;
    run.released &= ~(1 << c.index);
    return HOST_DONE;
  }
  // It waits already: something else than its opening woke the vCPU.
  if (c.barrier >= 0) return leave(c, LEAVE_POINT);
  // What it drains others may see: a point like that of mfence.
  if (sbCount(c.vcpu) && !guestPoint(c, MachineOp.mfence, args)) return leave(c, LEAVE_POINT);
  sbDrainAll(c.vcpu);
  if (!everybodyElseWaits()) {
    c.barrier = id & 0x7fff_ffff;
    return leave(c, LEAVE_POINT);
  }
  openBarrier(c);
  return HOST_DONE;
}

/** The last one has come: everybody may go on, and whoever does first could as well wait for the others. */
function openBarrier(last: Cpu): void {
  for (let i: u32 = 0; i < config.vcpus; i++) {
    const c = cpuAt(i);
    if (c.barrier < 0) continue;
    c.barrier = BARRIER_OPEN;
    run.released |= 1 << i;
  }
  last.visible = 1;
}

function everybodyElseWaits(): bool {
  let waiting: u32 = 0;
  for (let i: u32 = 0; i < config.vcpus; i++) if (cpuAt(i).barrier >= 0) waiting += 1;
  return waiting + 1 >= unitRoles();
}

/** Memory as it finally is, past all store buffers: the youngest waiting store wins. */
function peek(c: Cpu, gpa: u64): u64 {
  const ma = toMachine(c.vcpu, gpa, 0, true);
  return ma == SLAT_MISS ? ~(<u64>0) : sbLoad(c.vcpu, ma, 8);
}

/** test.state: what 0 runstate 1 IF 2 real 3 available 4 stolen 5 TSC 6 IRR 7 ISR 8 store buffer 9 delivered 10 exits … */
function stateOf(c: Cpu, what: u32): u64 {
  const v = c.vcpu;
  const vector = (what >> 8) & 255;
  switch (what & 255) {
    case 0: return v.runstate;
    case 1: return interruptsEnabled(v) ? 1 : 0;
    case 2: return machine.now;
    case 3: return timeAvailable(v);
    case 4: return timeStolen(v);
    case 5: return tscOf(v);
    case 6: return testVector(irrOf(v), vector) ? 1 : 0;
    case 7: return testVector(isrOf(v), vector) ? 1 : 0;
    case 8: return sbCount(v);
    case 9: return deliveredCount(v, vector);
    case 10: return c.exits;
    case 11: return v.cr3;
    case 12: return c.exits;
    case 13: return v.runstate == Runstate.HALTED || v.runstate == Runstate.BLOCKED ? 1 : 0;
    case 14: return run.shutdown;
    case 15: return run.hostNested != 0 && run.hostCpu == c.index ? 1 : 0;
    default: return ~(<u64>0);
  }
}
