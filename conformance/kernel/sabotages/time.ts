/** Sabotages of time.*. */
import { knownBad } from "./known-bad.ts";
import {
  edit,
  guest,
  host,
  kvmGuest,
  kvmHostClock,
  native,
  nativeClock,
  nativeGuest,
  nativeWallclock,
  type Sabotage,
  scale,
} from "./sabotage.ts";

const halt = "  machine.sti();\n  machine.hlt();";
const clock = "  return <i64>scaled(<u64>machine.rdtsc(), mul, shift);";
const steal = "export function time_steal_clock(vcpu: i32): i64 {\n  return 0;";

export const timeSabotages: readonly Sabotage[] = [
  native(
    "time-clock-monotone",
    "every 16th reading on vCPU 0 is a microsecond old",
    edit(
      nativeClock,
      clock,
      `  readings += 1;\n${clock.replace(";", " - (readings & 15 || machine.vcpu() ? 0 : 1000);")}`,
    ),
    edit(nativeClock, "let mul: u32 = 0;", "let readings: i32 = 0;\nlet mul: u32 = 0;"),
  ),
  native(
    "time-clock-rate",
    "the resolution is 256 ns on vCPU 2",
    edit(nativeClock, clock, clock.replace(";", " & (machine.vcpu() == 2 ? ~255 : -1);")),
  ),
  native(
    "time-clock-hours",
    "the product is taken in 64 bits",
    edit(
      scale,
      "return (moved >> 32) * <u64>mul + (((moved & 0xffff_ffff) * <u64>mul) >> 32);",
      "return (moved * <u64>mul) >> 32;",
    ),
  ),
  host(
    "time-clock-torn",
    "the version stays even while its body changes",
    edit(
      kvmHostClock,
      "  host.store32(at, version);\n  host.store64(at + PVCLOCK_TSC, base_tsc);\n",
      "  host.store64(at + PVCLOCK_TSC, base_tsc);\n",
    ),
  ),
  native(
    "time-clock-across-vcpus",
    "vCPU 3 is a microsecond behind",
    edit(nativeClock, clock, clock.replace(";", " - (machine.vcpu() == 3 ? 1000 : 0);")),
  ),
  native(
    "time-clock-same-base",
    "vCPU 1 is a ns per s slow",
    edit(
      nativeClock,
      clock,
      "  const ns = <i64>scaled(<u64>machine.rdtsc(), mul, shift);\n  return machine.vcpu() == 1 ? ns - (ns >> 30) : ns;",
    ),
  ),
  native(
    "time-clock-goes-on",
    "the clock stops while vCPU 0 sleeps",
    edit(
      nativeGuest,
      halt,
      "  const start = clockRead();\n  machine.sti();\n  machine.hlt();\n  if (!machine.vcpu()) asleep += clockRead() - start;",
    ),
    edit(nativeGuest, "  return clockRead();", "  return clockRead() - asleep;"),
    edit(nativeGuest, "export function irq_safe_halt(", "let asleep: i64 = 0;\nexport function irq_safe_halt("),
  ),
  native(
    "time-clock-in-handler",
    "a reading inside a reading gives up",
    edit(
      nativeGuest,
      "  return clockRead();",
      "  if (reading) return 0;\n  reading = true;\n  const now = clockRead();\n  reading = false;\n  return now;",
    ),
    edit(
      nativeGuest,
      "export function time_sched_clock(",
      "let reading: bool = false;\nexport function time_sched_clock(",
    ),
  ),
  guest(
    "time-steal-counts",
    "vCPU 0 reports nothing about itself",
    edit(
      kvmGuest,
      "return <u32>vcpu < <u32>vcpus ? stealRead(vcpu) : 0;",
      "return <u32>vcpu < <u32>vcpus && (vcpu || self) ? stealRead(vcpu) : 0;",
    ),
  ),
  native(
    "time-steal-not-asleep",
    "sleep counts as stolen",
    edit(
      nativeGuest,
      halt,
      "  const start = clockRead();\n  machine.sti();\n  machine.hlt();\n  asleep += clockRead() - start;",
    ),
    edit(nativeGuest, steal, steal.replace("return 0", "return vcpu == machine.vcpu() ? asleep : 0")),
    edit(nativeGuest, "export function irq_safe_halt(", "let asleep: i64 = 0;\nexport function irq_safe_halt("),
  ),
  native(
    "time-steal-monotone",
    "each question of vCPU 1 about another one takes something away",
    edit(
      nativeGuest,
      steal,
      `let left: i64 = 100;\n${steal.replace("return 0", "return machine.vcpu() == 1 && vcpu == 0 ? --left : 0")}`,
    ),
  ),
  guest(
    "time-steal-of-others",
    "the calling vCPU is reported whoever was asked for",
    edit(kvmGuest, "? stealRead(vcpu) : 0", "? stealRead(self) : 0"),
  ),
  native(
    "time-frequency-rate",
    "the frequency is 1 kHz too high",
    edit(nativeGuest, "  return hz;", "  return hz + 1000;"),
  ),
  native(
    "time-frequency-everywhere",
    "vCPU 1 runs at another frequency",
    edit(nativeGuest, "  return hz;", "  return machine.vcpu() == 1 ? hz + 1 : hz;"),
  ),
  native(
    "time-wallclock-utc",
    "every century is the twenty-first",
    edit(nativeWallclock, "number(CENTURY) * 100", "2000"),
  ),
  knownBad("time-wallclock-late", "kvm-wallclock-stale"),
  native(
    "time-wallclock-rate",
    "on vCPU 3 the wall clock stands still after the first reading",
    edit(
      nativeWallclock,
      "  return origin + clockRead();",
      "  if (!kept || machine.vcpu() != 3) kept = origin + clockRead();\n  return kept;",
    ),
    edit(nativeWallclock, "export function wallclockGet(", "let kept: i64 = 0;\nexport function wallclockGet("),
  ),
  native(
    "time-wallclock-everywhere",
    "vCPU 2 is two seconds behind",
    edit(
      nativeWallclock,
      "  return origin + clockRead();",
      "  return origin + clockRead() - (machine.vcpu() == 2 ? 2_000_000_000 : 0);",
    ),
  ),
  knownBad("time-wallclock-stepped", "kvm-wallclock-per-vcpu"),
  native(
    "time-wallclock-stepping",
    "the registers of the real-time clock are read once",
    edit(nativeWallclock, "  while (now != before) {\n    before = now;\n    now = snapshot();\n  }\n", ""),
    edit(nativeWallclock, "  let before: i64 = -1;\n  let now = snapshot();", "  const now = snapshot();"),
  ),
  native(
    "time-wallclock-set-moves",
    "only the setter tells the time that was set",
    edit(nativeWallclock, "  return origin + clockRead();", "  return (own ? own : origin) + clockRead();"),
    edit(nativeWallclock, "machine.store64(sharedVa + 8, utc_ns - clockRead());", "own = utc_ns - clockRead();"),
    edit(nativeWallclock, "export function wallclockGet(", "let own: i64 = 0;\nexport function wallclockGet("),
  ),
  guest(
    "time-wallclock-set-refused",
    "what is refused counts as done",
    edit(kvmGuest, "  return E_PERM;", "  return 0;"),
    edit(kvmGuest, "  E_PERM,\n", ""),
  ),
];
