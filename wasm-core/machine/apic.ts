// The local APIC in x2APIC mode: IRR, ISR, TPR, EOI, ICR, self IPI, INIT and SIPI.
import { config, Kind } from "./config";
import { generalProtection } from "./faults";
import { physLoad } from "./frames";
import { IMPLICIT_TABLE, implicitNote } from "./implicit";
import { Step } from "./ops";
import { resetVcpu } from "./reset";
import { SLAT_MISS, toMachine } from "./second-level";
import { setRunstate } from "./time";
import { flushAll } from "./tlb";
import { Ctl, Exit, irrOf, isrOf, RSP, Runstate, setReg, Vcpu, vcpuAt } from "./vcpu";

const SVR_ENABLED: u32 = 0x100;
const ESR_SEND_ILLEGAL: u32 = 1 << 5;
const ESR_RECEIVE_ILLEGAL: u32 = 1 << 6;

/** startup_pending: INIT, or SIPI with its vector in bits 15:8. */
export const STARTUP_INIT: u32 = 1;
export const STARTUP_SIPI: u32 = 2;

@inline
function word(table: usize, vector: u32): usize {
  return table + ((vector >> 6) << 3);
}

@inline
export function testVector(table: usize, vector: u32): bool {
  return ((load<u64>(word(table, vector & 255)) >> (vector & 63)) & 1) != 0;
}

@inline
export function setVector(table: usize, vector: u32): void {
  store<u64>(word(table, vector), load<u64>(word(table, vector)) | (<u64>1 << (vector & 63)));
}

@inline
export function clearVector(table: usize, vector: u32): void {
  store<u64>(word(table, vector), load<u64>(word(table, vector)) & ~(<u64>1 << (vector & 63)));
}

/** Highest vector of a 256-bit table, −1 if empty. */
export function highestVector(table: usize): i32 {
  for (let i: i32 = 3; i >= 0; i--) {
    const bits = load<u64>(table + (i << 3));
    if (bits) return (i << 6) + 63 - <i32>clz(bits);
  }
  return -1;
}

/** Processor priority: the higher class of TPR and the vector in service. */
export function processorPriority(v: Vcpu): u32 {
  const serviced = highestVector(isrOf(v));
  const service: u32 = serviced < 0 ? 0 : <u32>serviced & 0xf0;
  return service > (v.tpr & 0xf0) ? service : v.tpr;
}

/** The vector that the APIC offers the processor, −1 if none passes the priority. IF and shadows are not looked at. */
export function offeredVector(v: Vcpu): i32 {
  if (!(v.svr & SVR_ENABLED)) return -1;
  const vector = highestVector(irrOf(v));
  return vector >= 0 && (<u32>vector & 0xf0) > (processorPriority(v) & 0xf0) ? vector : -1;
}

/** Makes an interrupt pending (IRR; one of each vector): 0, or −1 EINVAL for vectors below 16. */
export function raiseIrq(v: Vcpu, vector: u32): i32 {
  if (vector > 255) return -1;
  if (vector < 16) {
    v.esr_pending |= ESR_RECEIVE_ILLEGAL;
    return -1;
  }
  setVector(irrOf(v), vector);
  return 0;
}

/** At most one NMI is pending. */
export function raiseNmi(v: Vcpu): void {
  v.nmi_pending = 1;
}

/** EOI register: ends the highest vector in service; EXIT if the host asked for it. */
export function endOfInterrupt(v: Vcpu): i32 {
  const vector = highestVector(isrOf(v));
  if (vector < 0) return Step.DONE;
  clearVector(isrOf(v), vector);
  if (!(v.ctl_exit & Ctl.EOIX)) return Step.DONE;
  v.exit_reason = Exit.EOI;
  v.exit_a = vector;
  return Step.EXIT;
}

/** ESR register: a write moves what was collected into view. */
export function latchErrors(v: Vcpu): void {
  v.esr = v.esr_pending;
  v.esr_pending = 0;
}

/** Reserved bits of ICR: 12 (busy in xAPIC), 13, 16, 17, 20–31. */
const ICR_RESERVED: u64 = 0xfff3_3000;

/** ICR register: sends at once, draining nothing. */
export function writeIcr(v: Vcpu, icr: u64): i32 {
  if (icr & ICR_RESERVED) return generalProtection(v);
  const mode = <u32>(icr >> 8) & 7;
  if (mode == 1 || mode == 3 || mode == 7) return generalProtection(v);
  v.icr = icr;
  const shorthand = <u32>(icr >> 18) & 3;
  for (let i: u32 = 0; i < config.vcpus; i++) {
    const target = vcpuAt(i);
    const self = target.index == v.index;
    const chosen = shorthand == 0 ? isDestination(target, icr) : shorthand == 1 ? self : shorthand == 2 || !self;
    if (chosen && !send(v, target, mode, icr)) return Step.DONE;
  }
  return Step.DONE;
}

/** Whether an ICR without shorthand names this vCPU, physically or by cluster and bit. */
function isDestination(target: Vcpu, icr: u64): bool {
  const destination = <u32>(icr >> 32);
  if (destination == 0xffff_ffff) return true;
  if (!(icr & 0x800)) return destination == target.apic_id;
  const logical = logicalId(target);
  return destination >> 16 == logical >> 16 && (destination & logical & 0xffff) != 0;
}

/** Logical destination register: cluster in 31:16, bit in 15:0. */
export function logicalId(v: Vcpu): u32 {
  return ((v.apic_id >> 4) << 16) | (1 << (v.apic_id & 15));
}

/** One IPI; false if the ICR as a whole is refused. */
function send(v: Vcpu, target: Vcpu, mode: u32, icr: u64): bool {
  const vector = <u32>icr & 0xff;
  if (mode == 0 && vector < 16) {
    v.esr_pending |= ESR_SEND_ILLEGAL;
    return false;
  }
  v.count_ipis += 1;
  if (mode == 0) {
    if (target.runstate != Runstate.OFF && target.runstate != Runstate.WAIT_SIPI) raiseIrq(target, vector);
  } else if (mode == 4) {
    if (target.runstate != Runstate.OFF && target.runstate != Runstate.WAIT_SIPI) raiseNmi(target);
  } else if (mode == 5) {
    sendInit(target, icr);
  } else if (mode == 6) {
    const waits = target.runstate == Runstate.WAIT_SIPI && target.startup_pending == 0;
    if (waits || target.startup_pending == STARTUP_INIT) target.startup_pending = STARTUP_SIPI | (vector << 8);
  }
  return true;
}

/** INIT; the de-assert form (level 0, trigger 1) does nothing. */
function sendInit(target: Vcpu, icr: u64): void {
  if (!(icr & 0x4000) && (icr & 0x8000) != 0) return;
  if (target.runstate == Runstate.OFF || target.runstate == Runstate.WAIT_SIPI) {
    target.startup_pending = 0;
    setRunstate(target, Runstate.WAIT_SIPI);
  } else {
    target.startup_pending = STARTUP_INIT;
  }
}

/** Machine address of the page that a startup vector names, or SLAT_MISS. */
@inline
function startupPage(v: Vcpu, vector: u32): u32 {
  return toMachine(v, <u64>vector << 12, 0, true);
}

/** Frame that the startup which is pending reads (N): where the vCPU begins. 0, which holds no code, if none does. */
export function startupFrame(v: Vcpu): u32 {
  if (v.startup_pending == STARTUP_INIT || config.kind != <u32>Kind.NATIVE) return 0;
  const page = startupPage(v, v.startup_pending >> 8);
  return page == SLAT_MISS ? 0 : page >>> 12;
}

/**
 * Serves startup_pending. INIT: DONE, the vCPU waits for SIPI and its contexts are gone. SIPI: JUMP with RIP, CR3 and RSP
 * from the page that the vector names (N), or EXIT SIPI (the others).
 */
export function serveStartup(v: Vcpu): i32 {
  const startup = v.startup_pending;
  v.startup_pending = 0;
  if (startup == STARTUP_INIT) {
    resetVcpu(v);
    setRunstate(v, Runstate.WAIT_SIPI);
    return Step.DONE;
  }
  const vector = startup >> 8;
  // INIT and SIPI both came before this vCPU looked.
  if (v.runstate != Runstate.WAIT_SIPI) resetVcpu(v);
  if (config.kind != <u32>Kind.NATIVE) {
    v.exit_reason = Exit.SIPI;
    v.exit_a = vector;
    return Step.EXIT;
  }
  const page = startupPage(v, vector);
  if (page == SLAT_MISS) return Step.DONE;
  implicitNote(page, 8, IMPLICIT_TABLE);
  implicitNote(page + 8, 8, IMPLICIT_TABLE);
  implicitNote(page + 16, 8, IMPLICIT_TABLE);
  v.rip = physLoad(page, 8);
  v.cr3 = physLoad(page + 8, 8);
  setReg(v, RSP, physLoad(page + 16, 8));
  v.rflags = 2;
  flushAll(v);
  setRunstate(v, Runstate.GUEST);
  return Step.JUMP;
}
