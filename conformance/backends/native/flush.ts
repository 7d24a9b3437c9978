// TLB flushes of the native half: locally by INVLPG and INVPCID, remotely by interrupt.
//
// Shared page (shared_va), zeroed at boot:
//   @0   u64 online: bit i is set once vCPU i can take the flush vector
//   @64 + 32·i: the request of initiator i
//        @0 u64 pending: vCPUs that have not flushed yet    @8 start    @16 end    @24 flags
import { E_INVAL } from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import { gateWrite, VECTOR_FLUSH } from "../lib/gate";
import { apicIdOf, firstVector, maskOf, self, sharedVa, vcpus } from "../lib/info";

const LOCKED_64: i32 = machine.SIZE_64 | machine.LOCK;
/** Beyond this many pages one full flush is cheaper. */
const PAGES_MAX: u64 = 8;
const PAGE: u64 = 4096;
const FLAG_FREED_TABLES: i32 = 1;
export const INVPCID_ALL_GLOBAL: i32 = 2;

/** Writes this vCPU's gate of the flush vector and declares it online. */
export function flushInit(): void {
  gateWrite(VECTOR_FLUSH, <i32>onFlush.index);
  machine.rmw(machine.RMW_OR | LOCKED_64, sharedVa, (<i64>1) << self);
}

/** Handler of the flush vector; `frame` is where the machine pushed RIP. */
function onFlush(frame: i64): void {
  serve();
  machine.wrmsr(machine.MSR_X2APIC_EOI, 0);
  machine.iret(frame);
}

function request(initiator: i32): i64 {
  return sharedVa + 64 + (initiator << 5);
}

/** Does what others ask of this vCPU. IF = 0: a nested run between the range and the bit would answer the wrong request. */
function serve(): void {
  const bit = (<i64>1) << self;
  for (let i = 0; i < vcpus; i++) {
    const at = request(i);
    if (i == self || !(machine.load64(at) & bit)) continue;
    flushLocal(machine.load64(at + 8), machine.load64(at + 16), machine.load32(at + 24));
    machine.rmw(machine.RMW_AND | LOCKED_64, at, ~bit);
  }
}

/** Drops translations of [start, end) here, global ones too; end −1 or freed tables drop everything. */
export function flushLocal(start: i64, end: i64, flags: i32): void {
  const first = <u64>start & ~(PAGE - 1);
  if (flags & FLAG_FREED_TABLES || end == -1 || <u64>end - first > PAGES_MAX * PAGE) {
    if (<u64>end > <u64>start || flags & FLAG_FREED_TABLES) machine.invpcid(INVPCID_ALL_GLOBAL, 0, 0);
    return;
  }
  for (let va = first; va < <u64>end; va += PAGE) machine.invlpg(<i64>va);
}

export function flushMulti(mask_va: i64, start: i64, end: i64, flags: i32): i32 {
  if (flags & ~FLAG_FREED_TABLES) return E_INVAL;
  const mine = (<u64>1) << self;
  const mask = maskOf(mask_va);
  if (mask & mine) flushLocal(start, end, flags);
  if (!(mask & ~mine)) return 0;
  const others = mask & ~mine & <u64>machine.load64(sharedVa);
  if (!others) return 0;
  const at = request(self);
  const rflags = lockRequest(at);
  machine.store64(at + 8, start);
  machine.store64(at + 16, end);
  machine.store32(at + 24, flags);
  machine.rmw(machine.RMW_XCHG | LOCKED_64, at, <i64>others);
  sendEach(others, firstVector);
  machine.popf(rflags);
  while (outstanding(at)) waitServing();
  return 0;
}

/** Waits until the own request is free and returns with IF = 0 and the RFLAGS before: a handler may be using it. */
function lockRequest(at: i64): i64 {
  while (true) {
    const rflags = machine.pushf();
    machine.cli();
    if (!outstanding(at)) return rflags;
    machine.popf(rflags);
    waitServing();
  }
}

/** Whether somebody who is online has not flushed yet. Who has left since the request was made has nothing to flush. */
function outstanding(at: i64): bool {
  const pending = machine.load64(at);
  if (!pending) return false;
  const online = machine.load64(sharedVa);
  if (pending & ~online) machine.rmw(machine.RMW_AND | LOCKED_64, at, online);
  return (pending & online) != 0;
}

/** Nobody waits for this vCPU any more: it is about to stop, or has lost its translations. */
export function flushLeave(vcpu: i32): void {
  machine.rmw(machine.RMW_AND | LOCKED_64, sharedVa, ~((<i64>1) << vcpu));
}

/** One turn of a wait; serves others by hand so that nobody waits in a circle while IF = 0. */
export function waitServing(): void {
  machine.pause();
  const rflags = machine.pushf();
  machine.cli();
  serve();
  machine.popf(rflags);
}

/** One x2APIC ICR write per target, of a vector or with a delivery mode; earlier stores must be visible already. */
export function sendEach(targets: u64, command: i32): void {
  for (let rest = targets; rest; rest &= rest - 1) {
    const id = apicIdOf(<i32>ctz(rest));
    machine.wrmsr(machine.MSR_X2APIC_ICR, ((<i64>id) << 32) | command);
  }
}
