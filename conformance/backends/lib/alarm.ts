// Alarms of this vCPU on one timer, the local APIC's in TSC-deadline mode. The timer has a vector of the guest half: its
// handler looks at the clock once more, so that nothing expires early, and raises the kernel's vector by a self-IPI.
//
//   record, one per counter: | @0 at u64 | @8 period u64 | @16 vector u32 | @20 armed u32 |
import { COUNTER_AVAILABLE, E_INVAL, E_NOSYS } from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import { gateWrite, VECTOR_ALARM } from "./gate";
import { firstVector } from "./info";

const VECTOR_MIN: i32 = 16;
const VECTOR_MAX: i32 = 255;
const MODE_TSC_DEADLINE: i32 = 0x40000;
const COUNTERS: i32 = 2;
const RECORD: usize = 24;
const records: usize = memory.data(48, 8);
const NS_PER_S: u64 = 1_000_000_000;
/** Farther alarms are looked at again after 2^50 ns, thirteen days. */
const FAR_NS: u64 = 1 << 50;

let hz: u64 = NS_PER_S;
/** The counters: ns that this vCPU reads. */
let realSlot: i32 = 0;
let availableSlot: i32 = 0;

/**
 * Gives the timer the half's vector. `real` and `available` read the counters; `available` is null where the half cannot
 * tell stolen time.
 */
export function alarmInit(counter_hz: u64, real: () => i64, available: (() => i64) | null): void {
  hz = counter_hz;
  realSlot = <i32>real.index;
  availableSlot = available === null ? 0 : <i32>available.index;
  gateWrite(VECTOR_ALARM, <i32>onTimer.index);
  machine.wrmsr(machine.MSR_X2APIC_LVT_TIMER, (firstVector + VECTOR_ALARM) | MODE_TSC_DEADLINE);
}

export function alarmSet(at: i64, period: i64, counter: i32, vector: i32, allowed: bool): i32 {
  if (<u32>counter >= <u32>COUNTERS || vector < VECTOR_MIN || vector > VECTOR_MAX) return E_INVAL;
  if (counter == COUNTER_AVAILABLE && !allowed) return E_NOSYS;
  const rflags = lock();
  const alarm = records + <usize>counter * RECORD;
  store<i64>(alarm, at);
  store<i64>(alarm, period, 8);
  store<i32>(alarm, vector, 16);
  store<i32>(alarm, 1, 20);
  program();
  machine.popf(rflags);
  return 0;
}

export function alarmCancel(counter: i32, allowed: bool): i32 {
  if (<u32>counter >= <u32>COUNTERS) return E_INVAL;
  if (counter == COUNTER_AVAILABLE && !allowed) return E_NOSYS;
  const rflags = lock();
  const alarm = records + <usize>counter * RECORD;
  const armed = load<i32>(alarm, 20);
  store<i32>(alarm, 0, 20);
  program();
  machine.popf(rflags);
  return armed;
}

/** Disarms everything. */
export function alarmsOff(): void {
  const rflags = lock();
  memory.fill(records, 0, COUNTERS * RECORD);
  program();
  machine.popf(rflags);
}

/** Keeps the handler away from the records; returns the RFLAGS before. */
function lock(): i64 {
  const rflags = machine.pushf();
  machine.cli();
  return rflags;
}

/** Handler of the timer's vector; `frame` is where the machine pushed RIP. */
function onTimer(frame: i64): void {
  for (let counter = 0; counter < COUNTERS; counter++) {
    const alarm = records + <usize>counter * RECORD;
    if (!load<i32>(alarm, 20)) continue;
    const now = read(counter);
    if (load<u64>(alarm) <= now) expire(alarm, now);
  }
  program();
  machine.wrmsr(machine.MSR_X2APIC_EOI, 0);
  machine.iret(frame);
}

/** One interrupt, however many expiries have passed; the next one stays on the grid that `at` began. */
function expire(alarm: usize, now: u64): void {
  const at = load<u64>(alarm);
  const period = load<u64>(alarm, 8);
  const next = period ? at + period * ((now - at) / period + 1) : 0;
  store<u64>(alarm, next);
  // Past 2^64 ns nothing comes any more.
  store<i32>(alarm, next > at ? 1 : 0, 20);
  machine.wrmsr(machine.MSR_X2APIC_SELF_IPI, load<i32>(alarm, 16));
}

/** Programs the timer for what expires first. A deadline of 0 would disarm it. */
function program(): void {
  let nearest: u64 = u64.MAX_VALUE;
  for (let counter = 0; counter < COUNTERS; counter++) {
    const alarm = records + <usize>counter * RECORD;
    if (!load<i32>(alarm, 20)) continue;
    const at = load<u64>(alarm);
    const now = read(counter);
    nearest = min(nearest, at > now ? min(at - now, FAR_NS) : 0);
  }
  if (nearest == u64.MAX_VALUE) return machine.wrmsr(machine.MSR_TSC_DEADLINE, 0);
  const ticks = (nearest / NS_PER_S) * hz + ((nearest % NS_PER_S) * hz) / NS_PER_S + 1;
  machine.wrmsr(machine.MSR_TSC_DEADLINE, machine.rdtsc() + <i64>(nearest ? ticks : 0));
}

function read(counter: i32): u64 {
  return <u64>call_indirect<i64>(counter == COUNTER_AVAILABLE ? availableSlot : realSlot);
}
