// host.* calls of the host half beside memory.
import { HOST_DONE, HOST_RESTART, HOST_TRAP, memoryBase, memorySize } from "../engine/index";
import { raiseIrq, raiseNmi } from "../machine/apic";
import { cpuidOf, eax, ebx, ecx, edx } from "../machine/cpuid";
import { fieldGet, fieldSet, isReadOnly } from "../machine/fields";
import { frameAssign, frameCount, frameOwner, guestFrame, machineBytes } from "../machine/frames";
import { config as machineConfig } from "../machine/config";
import { machine } from "../machine/machine";
import { Access } from "../machine/paging";
import { sbCount, sbDrainAll } from "../machine/storebuffer";
import { advance, setRunstate } from "../machine/time";
import { timerCancel, timerSet } from "../machine/timers";
import { flushAll, flushAsid, flushNonGlobal, flushRange, flushStructures } from "../machine/tlb";
import { translateOnly } from "../machine/translate";
import { Runstate, Vcpu } from "../machine/vcpu";
import { config } from "./config";
import { Cpu, cpuAt } from "./cpu";
import { choose } from "./explorer";
import { FAIL_DIED, failBegin, failEnd } from "./failure";
import { hostMemory } from "./host-memory";
import { HostOp } from "./imports";
import { hostEnterFunc, hostInstance, hostThread } from "./link";
import { inGuest, release, turnOff } from "./lock";
import { MAY_CRASH, MAY_POWER_OFF, MAY_RESET, MAY_SHUTDOWN } from "./machine-calls";
import { hostParam } from "./params";
import { hostPoint } from "./points";
import { END_OK, run } from "./run";
import { put, putEscaped, putU64 } from "./text";
import { traceHost, tracing } from "./trace";

const E_INVAL: i64 = -1;
const E_BUSY: i64 = -2;

/** Serves a host.* call on the CPU that the active host call runs on. */
export function hostCall(c: Cpu, id: u32, args: usize): i32 {
  const a = load<u64>(args);
  const b = load<u64>(args, 8);
  const answer = id < <u32>HostOp.mfence ? hostMemory(c, id, args) : serve(c, id, args, <u32>a, b);
  if (tracing && answer == HOST_DONE) traceHost(c, id, a, b, load<u64>(args));
  return answer;
}

function serve(c: Cpu, id: u32, args: usize, a: u32, b: u64): i32 {
  switch (id) {
    case HostOp.mfence:
      if (sbCount(c.vcpu) && !hostPoint(c, id, args)) return HOST_RESTART;
      sbDrainAll(c.vcpu);
      return HOST_DONE;
    case HostOp.stop:
      return stop(c, a, args);
    case HostOp.resched:
      return resched(c, args);
    case HostOp.shutdown:
      return shutdown(c, a);
    case HostOp.crash:
      return crash(c, a, <u32>b);
    case HostOp.log:
      return <u64>a + <u32>b > <u64>memorySize(hostInstance) ? HOST_TRAP : HOST_DONE;
    case HostOp.timer_set:
      timerSet(<i32>a, <u32>b, load<u64>(args, 16), load<u64>(args, 24), load<u32>(args, 32));
      run.deadlineDirty = 1;
      return HOST_DONE;
    case HostOp.kick:
      if (a < config.vcpus) kick(cpuAt(a));
      return HOST_DONE;
    default:
      break;
  }
  if (isRacy(c, id, a, <u32>b) && !hostPoint(c, id, args)) return HOST_RESTART;
  const result = id < <u32>HostOp.get || id >= <u32>HostOp.now ? general(c, id, args, a, b) : ofVcpu(c, id, args, a, b);
  store<u64>(args, returnsI32(id) ? <u64>(<u32>result) : <u64>result);
  return HOST_DONE;
}

@inline
function returnsI32(id: u32): bool {
  return id != <u32>HostOp.translate && id != <u32>HostOp.guest_frame && id != <u32>HostOp.get && id != <u32>HostOp.now && id != <u32>HostOp.tsc_hz && id != <u32>HostOp.param;
}

/** Calls that concern no vCPU, or only read. */
function general(c: Cpu, id: u32, args: usize, a: u32, b: u64): i64 {
  switch (id) {
    case HostOp.translate:
      return a < config.vcpus ? translateOnly(cpuAt(a).vcpu, b, accessOf(load<u32>(args, 16))) : E_INVAL;
    case HostOp.frames:
      return frameCount();
    case HostOp.guest_frame:
      return a < machineConfig.pages ? <i64>guestFrame(a) : -1;
    case HostOp.owner:
      return load<u64>(args) < <u64>(machineBytes() >> 12) ? <i64>frameOwner(load<u64>(args)) : E_INVAL;
    case HostOp.assign:
      return frameAssign(load<u64>(args), <u32>b);
    case HostOp.now:
      advance(1);
      return machine.now;
    case HostOp.tsc_hz:
      return machineConfig.tsc_hz;
    case HostOp.cpuid:
      return cpuid(c, a, <u32>b, load<u32>(args, 16));
    case HostOp.choose:
      return choose(c, a);
    default:
      return hostParam(a);
  }
}

function accessOf(access: u32): u32 {
  return access == 1 ? <u32>Access.WRITE : access == 2 ? <u32>Access.FETCH : <u32>Access.READ;
}

function cpuid(c: Cpu, leaf: u32, sub: u32, which: u32): i64 {
  cpuidOf(c.vcpu, leaf, sub);
  return which == 0 ? eax : which == 1 ? ebx : which == 2 ? ecx : edx;
}

/** What another vCPU does in guest mode decides the answer: a point. Where enter is exported none gets there under the lock. */
function isRacy(c: Cpu, id: u32, target: u32, field: u32): bool {
  if (target == c.index) return false;
  return id == <u32>HostOp.get ? isReadOnly(field) : id == <u32>HostOp.tlb && hostEnterFunc < 0;
}

/** Calls whose first argument is a vCPU. */
function ofVcpu(c: Cpu, id: u32, args: usize, a: u32, b: u64): i64 {
  if (id == <u32>HostOp.timer_cancel) {
    run.deadlineDirty = 1;
    return timerCancel(<i32>a, <u32>b);
  }
  if (a >= config.vcpus) return E_INVAL;
  const target = cpuAt(a);
  const v = target.vcpu;
  const away = target.index == c.index || !inGuest(target);
  // Whoever is woken or interrupted could not have come before: from now on it can.
  if (id == <u32>HostOp.irq || id == <u32>HostOp.nmi || id == <u32>HostOp.wake || id == <u32>HostOp.vcpu_on) c.visible = 1;
  switch (id) {
    case HostOp.get:
      return away || isReadOnly(<u32>b) ? get(v, <u32>b) : E_BUSY;
    case HostOp.set:
      // TSC_OFFSET and TSC_SCALE move the deadlines that count in guest time.
      if (b - 0x5b < 2) run.deadlineDirty = 1;
      return away ? fieldSet(v, <u32>b, load<u64>(args, 16)) : E_BUSY;
    case HostOp.irq:
      c.vcpu.count_ipis += 1;
      return b < 256 ? raiseIrq(v, <u32>b) : E_INVAL;
    case HostOp.nmi:
      raiseNmi(v);
      return 0;
    case HostOp.tlb:
      return away ? flush(c, target, <u32>b, load<u64>(args, 16), load<u64>(args, 24)) : E_BUSY;
    case HostOp.release:
      release(target);
      return 0;
    case HostOp.wake:
      if (v.runstate != Runstate.BLOCKED) return 0;
      setRunstate(v, Runstate.READY);
      run.deadlineDirty = 1;
      return 1;
    case HostOp.vcpu_on:
      return turnOn(target);
    default:
      if (inGuest(target) && !target.stopped) return E_BUSY;
      turnOff(target);
      return 0;
  }
}

const fieldCell: usize = memory.data(8, 8);

function get(v: Vcpu, id: u32): i64 {
  const status = fieldGet(v, id, fieldCell);
  return status == 0 ? load<i64>(fieldCell) : status;
}

function turnOn(target: Cpu): i64 {
  const state = target.vcpu.runstate;
  if (state != Runstate.OFF && state != Runstate.WAIT_SIPI) return E_BUSY;
  target.schedDue = 1;
  setRunstate(target.vcpu, Runstate.READY);
  return 0;
}

/** host.tlb: op 0 all, 1 non-global, 2 page, 3 range, 4 ASID, 5 second-level, 6 paging-structure caches. */
function flush(c: Cpu, target: Cpu, op: u32, a: u64, b: u64): i64 {
  const v = target.vcpu;
  if (op > 6) return E_INVAL;
  if (target.index != c.index) c.vcpu.count_flush_remote += 1;
  else if (op == 2) c.vcpu.count_flush_one += 1;
  else c.vcpu.count_flush_local += 1;
  if (op == 1) flushNonGlobal(v);
  else if (op == 2) flushRange(v, a & ~(<u64>0xfff), (a & ~(<u64>0xfff)) + 4096);
  else if (op == 3) flushRange(v, a, b);
  else if (op == 4) flushAsid(v, <u32>a);
  else if (op == 6) flushStructures(v);
  else flushAll(v);
  return 0;
}

/** The one place where host work can be preempted. */
function resched(c: Cpu, args: usize): i32 {
  run.hostResched = 1;
  const goes = hostPoint(c, HostOp.resched, args);
  run.hostResched = 0;
  return goes ? HOST_DONE : HOST_RESTART;
}

/** An in-guest target exits with KICK at a later boundary; others are not concerned. */
export function kick(target: Cpu): void {
  if (!inGuest(target) || target.vcpu.pending_kick) return;
  target.vcpu.pending_kick = 1;
  target.kickIn = 1;
  target.kickHeld = 0;
  cpuAt(run.hostCpu).visible = 1;
}

/** Waits until the target is out of guest mode; it stays out until release or the end of this host call. */
function stop(c: Cpu, a: u32, args: usize): i32 {
  if (a >= config.vcpus || a == c.index) {
    store<u64>(args, <u64>(<u32>E_INVAL));
    return HOST_DONE;
  }
  const target = cpuAt(a);
  // What the target does before it is stopped it does before this point; where enter is exported only a target in guest mode can.
  const asked = target.stopWanted != 0 || target.stopped != 0;
  if (!asked && (inGuest(target) || hostEnterFunc < 0) && !hostPoint(c, HostOp.stop, args)) return HOST_RESTART;
  if (inGuest(target)) {
    target.stopWanted = 1;
    run.hostWaits = a;
    return HOST_RESTART;
  }
  run.hostWaits = -1;
  target.stopped = 1;
  store<u64>(args, 0);
  return HOST_DONE;
}

/** Reasons of host.shutdown that say what becomes of the machine; with any other one the guest ends in order. */
const SHUTDOWN_POWER_OFF: u32 = 0;
const SHUTDOWN_RESET: u32 = 1;

function shutdown(c: Cpu, reason: u32): i32 {
  run.shutdown = 1;
  let good = MAY_SHUTDOWN;
  if (reason == SHUTDOWN_POWER_OFF) good |= MAY_POWER_OFF;
  if (reason == SHUTDOWN_RESET) good |= MAY_RESET;
  if (run.mayEnd & good) run.end = END_OK;
  else {
    failBegin(FAIL_DIED, -1, c, hostThread);
    put("the host half shut the guest down (reason ");
    putU64(reason);
    put(") where the case did not allow it");
    failEnd();
  }
  return HOST_RESTART;
}

function crash(c: Cpu, at: u32, length: u32): i32 {
  if (<u64>at + length > <u64>memorySize(hostInstance)) return HOST_TRAP;
  run.shutdown = 1;
  if (run.mayEnd & MAY_CRASH) run.end = END_OK;
  else {
    failBegin(FAIL_DIED, -1, c, hostThread);
    put("the host half crashed the guest: ");
    putEscaped(memoryBase(hostInstance) + at, length < 200 ? length : 200);
    failEnd();
  }
  return HOST_RESTART;
}
