/** Sabotages of time.alarm_*. */
import { alarm, atStart, edit, guest, native, nativeGuest, type Sabotage } from "./sabotage.ts";

const recheck = "    if (load<u64>(alarm) <= now) expire(alarm, now);";
const selfIpi = "  machine.wrmsr(machine.MSR_X2APIC_SELF_IPI, load<i32>(alarm, 16));";
const nearestOf = "nearest = min(nearest, at > now ? min(at - now, FAR_NS) : 0);";
const deadline = "  machine.wrmsr(machine.MSR_TSC_DEADLINE, machine.rdtsc() + <i64>(nearest ? ticks : 0));";
const disarm = "  store<i32>(alarm, 0, 20);\n  program();\n  machine.popf(rflags);\n  return armed;";
const armedOf = "  const armed = load<i32>(alarm, 20);";

export const alarmSabotages: readonly Sabotage[] = [
  native(
    "time-alarm-never-early",
    "the handler does not look at the clock, and a deadline far away is a microsecond early",
    edit(alarm, recheck, "    expire(alarm, max(now, load<u64>(alarm)));"),
    edit(alarm, deadline, deadline.replace("? ticks", "? ticks - (nearest > 100_000_000 ? 2500 : 0)")),
  ),
  native(
    "time-alarm-prompt",
    "an alarm more than 5 us away comes 150 us late",
    edit(alarm, deadline, deadline.replace("<i64>(", "(nearest > 5000 && nearest < 20000 ? 375000 : 0) + <i64>(")),
  ),
  native(
    "time-alarm-past",
    "an alarm for time 0 is taken for none",
    edit(alarm, "store<i32>(alarm, 1, 20)", "store<i32>(alarm, at ? 1 : 0, 20)"),
  ),
  native(
    "time-alarm-far",
    "times are compared as signed numbers",
    edit(alarm, nearestOf, nearestOf.replace("at > now", "<i64>at > <i64>now")),
    edit(alarm, recheck, recheck.replace("load<u64>(alarm) <= now", "load<i64>(alarm) <= <i64>now")),
  ),
  native(
    "time-alarm-once",
    "on vCPU 3 an alarm repeats after an hour",
    edit(
      alarm,
      "const next = period ? at + period * ((now - at) / period + 1) : 0;",
      "const next = period ? at + period * ((now - at) / period + 1) : machine.vcpu() == 3 ? at + 3_600_000_000_000 : 0;",
    ),
  ),
  native(
    "time-alarm-replaced",
    "an alarm due one or two milliseconds before the new time is kept",
    edit(
      alarm,
      "  const rflags = lock();\n  const alarm = records + <usize>counter * RECORD;\n  store<i64>(alarm, at);",
      "  const alarm = records + <usize>counter * RECORD;\n  if (load<i32>(alarm, 20) && <u64>at - load<u64>(alarm) - 1_000_000 < 1_500_000) return 0;\n  const rflags = lock();\n  store<i64>(alarm, at);",
    ),
  ),
  native(
    "time-alarm-replaced-racing",
    "a timer interrupt before its time disarms the alarm on vCPU 2",
    edit(alarm, recheck, `${recheck}\n    else if (machine.vcpu() == 2) store<i32>(alarm, 0, 20);`),
  ),
  native(
    "time-alarm-own-vcpu",
    "every vCPU gets the interrupt",
    edit(alarm, selfIpi, "  machine.wrmsr(machine.MSR_X2APIC_ICR, 0x80000 | load<i32>(alarm, 16));"),
  ),
  native(
    "time-alarm-periodic",
    "the next period begins with the delivery",
    edit(alarm, "at + period * ((now - at) / period + 1)", "now + period"),
  ),
  native(
    "time-alarm-coalesced",
    "expiries that passed are made up for, 2 us apart",
    edit(alarm, "at + period * ((now - at) / period + 1)", "max(at + period, now + 2000)"),
  ),
  native(
    "time-alarm-arguments",
    "counter 2 is taken for counter 0",
    atStart(
      alarm,
      "export function alarmSet(at: i64, period: i64, counter: i32, vector: i32, allowed: bool): i32 {",
      "  if (counter == 2) counter = 0;",
    ),
  ),
  guest(
    "time-alarm-worked-example",
    "available time is real time",
    edit(alarm, "availableSlot = available === null ? 0 : <i32>available.index;", "availableSlot = realSlot;"),
  ),
  native(
    "time-alarm-no-counter",
    "on vCPU 2 an alarm of available time is armed on real time",
    edit(
      nativeGuest,
      "return alarmSet(at, period, counter, vector, false);",
      "return alarmSet(at, period, machine.vcpu() == 2 ? 0 : counter, vector, false);",
    ),
  ),
  native(
    "time-alarm-cancelled",
    "a single alarm more than 500 us away is not disarmed",
    edit(alarm, armedOf, "  const armed = load<i32>(alarm, 20) == 1 ? 1 : 0;"),
    edit(
      alarm,
      disarm,
      "  store<i32>(alarm, armed && !load<i64>(alarm, 8) && load<i64>(alarm) - <i64>read(counter) > 500_000 ? 2 : 0, 20);\n  program();\n  machine.popf(rflags);\n  return armed;",
    ),
  ),
  native(
    "time-alarm-cancel-result",
    "an alarm that was never set counts as armed",
    edit(alarm, armedOf, "  const armed = load<i32>(alarm, 20) | (load<i32>(alarm, 16) ? 0 : 1);"),
  ),
  native(
    "time-alarm-cancel-racing",
    "a timer interrupt that is pending already is not held back by cancelling",
    edit(
      alarm,
      "    if (!load<i32>(alarm, 20)) continue;\n    const now = read(counter);\n    if (load<u64>(alarm) <= now)",
      "    if (!load<i32>(alarm, 16)) continue;\n    const now = read(counter);\n    if (load<u64>(alarm) <= now)",
    ),
  ),
  native(
    "time-alarm-cancel-own",
    "vCPU 0 cancels for vCPU 1 too",
    edit(alarm, armedOf, `${armedOf}\n  if (machine.vcpu() == 0) machine.store64(sharedVa + 40, 1);`),
    edit(alarm, selfIpi, `  if (machine.vcpu() == 1 && machine.load64(sharedVa + 40)) return;\n${selfIpi}`),
    edit(alarm, "import { firstVector }", "import { firstVector, sharedVa }"),
  ),
  native(
    "time-alarm-cancel-arguments",
    "any counter may be cancelled",
    edit(nativeGuest, "return alarmCancel(counter, false);", "return alarmCancel(counter & 1, true);"),
  ),
];
