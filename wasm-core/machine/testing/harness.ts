// The machine alone as a module, for tests in Node: thin wrappers around what the VM uses.
import { arenaReset } from "../../memory/arena";
import { machineCreate, machineReset, machine } from "../machine";
import { bootLayout, boot, directMap } from "../boot";
import { config, configProblem, setApicId } from "../config";
import { exec, completeInstruction } from "../instructions";
import { acceptEvent, checkWindows, deliver, deliverOn, deliverPending, hasWork, pendingEvent, wakeHalted } from "../interrupts";
import { raiseIrq, raiseNmi, serveStartup } from "../apic";
import { enterGuest, leaveGuest } from "../entry";
import { fieldGet, fieldSet } from "../fields";
import { canaryIntact, frameAssign, frameCount, frameOwner, guestFrame, physLoad, physStore } from "../frames";
import { sbAddress, sbCount, sbDrainAll, sbDrainOne, sbLoad, sbStore } from "../storebuffer";
import { checkFetch, translate, translated, translateOnly } from "../translate";
import { flushAll, flushAsid, flushNonGlobal, flushRange, flushStructures, tlbEvict, tlbNth, tlbOccupied, tlbProbe } from "../tlb";
import { advance, migrateTsc, readTsc, setRunstate, timeAvailable, timeIdentityHolds, timeStolen, tscOf } from "../time";
import { expireDue, nextDeadline, timerCancel, timerSet } from "../timers";
import { deliveredCount, reg, setReg, Vcpu, vcpuAt, VCPU_BYTES } from "../vcpu";
import { opByName, opParamCount, opParamType, opResultType, Step } from "../ops";

const SLOTS: usize = memory.data(128, 8);
const PRIVATE: usize = memory.data(8192, 8);

/** Builds a machine: 0, 1 configuration refused, 2 out of memory. APIC ids are i × stride. */
export function create(kind: u32, vcpus: u32, pages: u32, hostPages: u32, seed: u32, stride: u32): u32 {
  arenaReset();
  if (!machineReset()) return 2;
  config.kind = kind;
  config.vcpus = vcpus;
  config.pages = pages;
  config.host_pages = hostPages;
  config.seed = seed;
  for (let i: u32 = 0; i < vcpus && i < 8; i++) setApicId(i, i * stride);
  if (configProblem() != null) return 1;
  return machineCreate() && bootLayout() ? 0 : 2;
}

/** u64 slots for arguments; slot 0 is the result. */
export function slots(): usize {
  return SLOTS;
}

export function privateBytes(): usize {
  return PRIVATE;
}

export function run(i: u32, op: u32): i32 {
  return exec(vcpuAt(i), op, SLOTS);
}

export function complete(i: u32): void {
  completeInstruction(vcpuAt(i));
}

export function getField(i: u32, id: u32): i32 {
  return fieldGet(vcpuAt(i), id, SLOTS);
}

export function setField(i: u32, id: u32): i32 {
  return fieldSet(vcpuAt(i), id, load<u64>(SLOTS));
}

export function faultVector(i: u32): u32 {
  return vcpuAt(i).fault_vector;
}

export function faultErrorCode(i: u32): u32 {
  return vcpuAt(i).fault_error;
}

export function faultAddress(i: u32): u64 {
  return vcpuAt(i).fault_address;
}

export function exitReason(i: u32): u32 {
  return vcpuAt(i).exit_reason;
}

export function endKind(i: u32): u32 {
  return vcpuAt(i).end_kind;
}

export function debugPending(i: u32): u32 {
  return vcpuAt(i).debug_pending;
}

export function phase(i: u32): u32 {
  return vcpuAt(i).phase;
}

/** translate: status; the address is `foundAddress()`. */
export function translateVa(i: u32, va: u64, access: u32): i32 {
  return translate(vcpuAt(i), va, access);
}

export function foundAddress(): u32 {
  return translated;
}

export function translateAside(i: u32, va: u64, access: u32): i64 {
  return translateOnly(vcpuAt(i), va, access);
}

export function fetchAt(i: u32, va: u64): i32 {
  return checkFetch(vcpuAt(i), va);
}

export function memoryAt(ma: u32, size: u32): u64 {
  return physLoad(ma, size);
}

export function setMemory(ma: u32, size: u32, value: u64): void {
  physStore(ma, size, value);
}

export function bufferLoad(i: u32, ma: u32, size: u32): u64 {
  return sbLoad(vcpuAt(i), ma, size);
}

export function bufferStore(i: u32, ma: u32, size: u32, value: u64): void {
  sbStore(vcpuAt(i), ma, size, value);
}

export function bufferCount(i: u32): u32 {
  return sbCount(vcpuAt(i));
}

export function bufferOldest(i: u32): u32 {
  return sbAddress(vcpuAt(i), 0);
}

export function drainOne(i: u32): void {
  sbDrainOne(vcpuAt(i));
}

export function drainAll(i: u32): void {
  sbDrainAll(vcpuAt(i));
}

export function probe(i: u32, va: u64): i64 {
  return tlbProbe(vcpuAt(i), va);
}

export function occupied(i: u32): u32 {
  return tlbOccupied(vcpuAt(i));
}

export function evictNth(i: u32, n: u32): void {
  tlbEvict(vcpuAt(i), tlbNth(vcpuAt(i), n));
}

/** host.tlb: op 0 all, 1 non-global, 2 page, 3 range, 4 asid, 6 structures. */
export function hostFlush(i: u32, op: u32, a: u64, b: u64): void {
  const v = vcpuAt(i);
  if (op == 0) flushAll(v);
  else if (op == 1) flushNonGlobal(v);
  else if (op == 2) flushRange(v, a, a + 1);
  else if (op == 3) flushRange(v, a, b);
  else if (op == 4) flushAsid(v, <u32>a);
  else flushStructures(v);
}

export function pending(i: u32): i32 {
  return pendingEvent(vcpuAt(i));
}

export function accept(i: u32, vector: u32): void {
  acceptEvent(vcpuAt(i), vector);
}

/** Goes on behind the locked steps of a delivery's walks. */
function whole(i: u32, first: i32): i32 {
  let status = first;
  while (status == Step.SPLIT) status = deliverOn(vcpuAt(i));
  return status;
}

/** One step of the delivery that is due, or under way. */
export function deliverStep(i: u32): i32 {
  return vcpuAt(i).event ? deliverOn(vcpuAt(i)) : deliverPending(vcpuAt(i));
}

export function deliverNow(i: u32): i32 {
  return whole(i, deliverPending(vcpuAt(i)));
}

export function deliverException(i: u32, vector: u32, hasError: bool, error: u32, soft: bool): i32 {
  return whole(i, deliver(vcpuAt(i), vector, hasError, error, soft));
}

export function windows(i: u32): i32 {
  return checkWindows(vcpuAt(i));
}

export function irq(i: u32, vector: u32): i32 {
  return raiseIrq(vcpuAt(i), vector);
}

export function nmi(i: u32): void {
  raiseNmi(vcpuAt(i));
}

export function mustWake(i: u32): bool {
  return hasWork(vcpuAt(i));
}

export function wake(i: u32): void {
  wakeHalted(vcpuAt(i));
}

export function startupPending(i: u32): u32 {
  return vcpuAt(i).startup_pending;
}

export function startup(i: u32): i32 {
  return serveStartup(vcpuAt(i));
}

export function leave(i: u32): void {
  leaveGuest(vcpuAt(i));
}

export function enter(i: u32): i32 {
  const status = enterGuest(vcpuAt(i), true);
  if (status != Step.SPLIT) return status;
  return whole(i, status) == Step.DONE ? Step.JUMP : Step.EXIT;
}

export function deliveries(i: u32, vector: u32): u32 {
  return deliveredCount(vcpuAt(i), vector);
}

export function pass(ns: u64): void {
  advance(ns);
}

export function now(): u64 {
  return machine.now;
}

export function setState(i: u32, state: u32): void {
  setRunstate(vcpuAt(i), state);
}

export function stolen(i: u32): u64 {
  return timeStolen(vcpuAt(i));
}

export function available(i: u32): u64 {
  return timeAvailable(vcpuAt(i));
}

export function identity(i: u32): bool {
  return timeIdentityHolds(vcpuAt(i));
}

export function tsc(i: u32): u64 {
  return tscOf(vcpuAt(i));
}

export function tscRead(i: u32): u64 {
  return readTsc(vcpuAt(i));
}

export function migrate(i: u32, scale: u64, offset: u64): void {
  migrateTsc(vcpuAt(i), scale, offset);
}

export function setTimer(i: i32, slot: u32, at: u64, period: u64, counter: u32): i32 {
  return timerSet(i, slot, at, period, counter);
}

export function cancelTimer(i: i32, slot: u32): i32 {
  return timerCancel(i, slot);
}

export function deadline(): u64 {
  return nextDeadline();
}

export function expire(): u32 {
  return expireDue();
}

/** Bits of expired slots; vCPU −1 is the machine. Reading takes them. */
export function expired(i: i32): u32 {
  const bits = i < 0 ? machine.timers_expired : vcpuAt(i).timers_expired;
  if (i < 0) machine.timers_expired = 0;
  else vcpuAt(i).timers_expired = 0;
  return bits;
}

export function rootPfn(): u32 {
  return boot.root_pfn;
}

export function firstFreePfn(): u32 {
  return boot.first_free_pfn;
}

export function infoPfn(i: u32): u32 {
  return boot.info_pfn + i;
}

export function frameOf(pfn: u32): u32 {
  return guestFrame(pfn);
}

export function frames(): u32 {
  return frameCount();
}

export function ownerOf(mfn: u32): u32 {
  return frameOwner(mfn);
}

export function assign(mfn: u32, owner: u32): i32 {
  return frameAssign(mfn, owner);
}

export function canaries(): bool {
  return canaryIntact();
}

export function vcpuBytes(): u32 {
  return <u32>VCPU_BYTES;
}

/** Import lookup: the name is in the private bytes. Signature: parameters as two bits each from bit 8 on (1 i32, 2 i64), result in bits 1:0, count in 7:2. */
export function lookup(length: u32): i32 {
  return opByName(PRIVATE, length);
}

export function signature(id: u32): u32 {
  const n = opParamCount(id);
  const result = opResultType(id);
  let bits = (result == 0 ? 0 : result == 0x7f ? 1 : 2) | (n << 2);
  for (let i: u32 = 0; i < n; i++) bits |= (opParamType(id, i) == 0x7f ? 1 : 2) << (8 + i * 2);
  return bits;
}

export function register(i: u32, r: u32): u64 {
  return reg(vcpuAt(i), r);
}

export function setRegister(i: u32, r: u32, value: u64): void {
  setReg(vcpuAt(i), r, value);
}

export function directMapOf(pfn: u32): u64 {
  return directMap(pfn);
}
