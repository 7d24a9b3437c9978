// The APIC timer: one-shot and periodic count-down in real time, TSC deadline; host timer slot 0 of its vCPU.
import * as host from "../../../sdk/as/host";
import { apicQuad, apicWord, DEADLINE, DIVIDE, DUE, INITIAL, LVT_TIMER, setApicQuad, setApicWord } from "./apic";
import { tell } from "./events";

const SLOT: i32 = 0;
const COUNTER_REAL: i32 = 0;
const COUNTER_TSC: i32 = 2;
const LVT_MASKED: i32 = 0x10000;
const LVT_MODE: i32 = 0x60000;
const LVT_PERIODIC: i32 = 0x20000;
const LVT_DEADLINE: i32 = 0x40000;
const LVT_WRITABLE: i32 = 0x710ff;

@inline
function modeOf(vcpu: i32): i32 {
  return apicWord(vcpu, LVT_TIMER) & LVT_MODE;
}

/** log2 of the divider that bits 3, 1, 0 of the divide configuration select. */
function dividerShift(vcpu: i32): i64 {
  const divide = apicWord(vcpu, DIVIDE);
  const code = (divide & 3) | ((divide >> 1) & 4);
  return code == 7 ? 0 : code + 1;
}

/** A change of mode disarms. */
export function writeLvtTimer(vcpu: i32, value: i32): void {
  if ((apicWord(vcpu, LVT_TIMER) ^ value) & LVT_MODE) disarm(vcpu);
  setApicWord(vcpu, LVT_TIMER, value & LVT_WRITABLE);
}

export function disarm(vcpu: i32): void {
  setApicQuad(vcpu, DEADLINE, 0);
  setApicQuad(vcpu, DUE, 0);
  host.timer_cancel(vcpu, SLOT);
}

/** Initial count: starts or (0) stops the count-down; ignored in TSC-deadline mode. */
export function startCountdown(vcpu: i32, count: i64): void {
  if (modeOf(vcpu) == LVT_DEADLINE) return;
  disarm(vcpu);
  setApicQuad(vcpu, INITIAL, count);
  if (!count) return;
  const length = count << dividerShift(vcpu);
  const due = host.now() + length;
  setApicQuad(vcpu, DUE, due);
  host.timer_set(vcpu, SLOT, due, modeOf(vcpu) == LVT_PERIODIC ? length : 0, COUNTER_REAL);
}

export function currentCount(vcpu: i32): i64 {
  const due = apicQuad(vcpu, DUE);
  const now = host.now();
  return due > now ? (due - now) >> dividerShift(vcpu) : 0;
}

/** IA32_TSC_DEADLINE: 0 disarms; ignored in the other modes. */
export function writeDeadline(vcpu: i32, tsc: i64): void {
  if (modeOf(vcpu) != LVT_DEADLINE) return;
  disarm(vcpu);
  setApicQuad(vcpu, DEADLINE, tsc);
  if (tsc) host.timer_set(vcpu, SLOT, tsc, 0, COUNTER_TSC);
}

/** The host timer expired. */
export function expire(vcpu: i32): void {
  setApicQuad(vcpu, DEADLINE, 0);
  const length = apicQuad(vcpu, INITIAL) << dividerShift(vcpu);
  const periodic = modeOf(vcpu) == LVT_PERIODIC;
  setApicQuad(vcpu, DUE, periodic ? nextDue(apicQuad(vcpu, DUE), length) : 0);
  if (apicWord(vcpu, LVT_TIMER) & LVT_MASKED) return;
  host.irq(vcpu, apicWord(vcpu, LVT_TIMER) & 0xff);
  tell(vcpu);
}

/** First expiry that is still to come: missed ones coalesce. */
function nextDue(due: i64, length: i64): i64 {
  const now = host.now();
  return due > now || length == 0 ? due : due + length * ((now - due) / length + 1);
}
