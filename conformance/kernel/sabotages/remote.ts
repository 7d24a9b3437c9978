/** Sabotages of ipi.*, time.*, lock.* and sys.*. */
import {
  atStart,
  edit,
  guest,
  host,
  kvmClock,
  kvmGuest,
  kvmHypercalls,
  kvmRemote,
  kvmWait,
  native,
  nativeClock,
  nativeGuest,
  type Sabotage,
  scale,
} from "./sabotage.ts";

const targets = "  const targets = maskOf(mask_va);";
const halt = "  machine.sti();\n  machine.hlt();";
const clock = "  return <i64>scaled(<u64>machine.rdtsc(), mul, shift);";
const steal = "export function time_steal_clock(vcpu: i32): i64 {\n  return 0;";
const spin = "export function lock_wait(ptr: i64, val: i32): void {\n  machine.pause();";
const kick = "export function lock_kick(vcpu: i32): void {}";
const shutdown = "export function sys_shutdown(reason: i32): void {";

const ipi: Sabotage[] = [
  native(
    "ipi-exact-targets",
    "of several targets, all between the lowest and the highest are sent to",
    edit(
      nativeGuest,
      targets,
      `${targets.replace("const", "let")}\n  if (popcnt(targets) > 1) targets = (<u64>-1 << ctz(targets)) & (<u64>-1 >> clz(targets));`,
    ),
  ),
  native(
    "ipi-stores-visible",
    "no fence before the ICR write",
    edit(nativeGuest, `${targets}\n  machine.mfence();`, targets),
  ),
  native(
    "ipi-refuses-vectors",
    "vectors of exceptions are sent",
    edit(nativeGuest, "if (vector < VECTOR_MIN || vector", "if (vector < 0 || vector"),
  ),
  native(
    "ipi-nobody",
    "bits of vCPUs that do not exist wrap to the first ones",
    edit(
      nativeGuest,
      targets,
      "  const named = <u64>machine.load64(mask_va);\n  const targets = maskOf(mask_va) | ((named >> 8) & 15);",
    ),
  ),
  native(
    "ipi-by-index",
    "the index of vCPU 3 is taken for its APIC id",
    edit(
      nativeGuest,
      targets,
      `${targets}\n  if (targets == 8) {\n    machine.mfence();\n    machine.wrmsr(machine.MSR_X2APIC_ICR, (<i64>3 << 32) | vector);\n    return 0;\n  }`,
    ),
  ),
  native(
    "ipi-to-self",
    "the sender is left out",
    edit(nativeGuest, targets, "  const targets = maskOf(mask_va) & ~(<u64>1 << machine.vcpu());"),
  ),
  native(
    "ipi-to-masked-target",
    "the sender waits until every target has answered",
    edit(
      nativeGuest,
      "  sendEach(targets, vector);\n  return 0;",
      "  sendEach(targets, vector);\n  return flushMulti(mask_va, 0, 4096, 0);",
    ),
  ),
];

const time: Sabotage[] = [
  native(
    "time-clock-monotone",
    "every 16th reading is a microsecond old",
    edit(nativeClock, clock, `  readings += 1;\n${clock.replace(";", " - (readings & 15 ? 0 : 1000);")}`),
    edit(nativeClock, "let mul: u32 = 0;", "let readings: i32 = 0;\nlet mul: u32 = 0;"),
  ),
  native("time-clock-rate", "the resolution is 256 ns", edit(nativeClock, clock, clock.replace(";", " & ~255;"))),
  native(
    "time-clock-hours",
    "the product is taken in 64 bits",
    edit(
      scale,
      "return (moved >> 32) * <u64>mul + (((moved & 0xffff_ffff) * <u64>mul) >> 32);",
      "return (moved * <u64>mul) >> 32;",
    ),
  ),
  guest(
    "time-clock-torn",
    "the version is read once only",
    edit(
      kvmClock,
      "if (!(version & 1) && machine.load32(at) == version) {\n      const ns",
      "if (!(version & 1)) {\n      const ns",
    ),
  ),
  native(
    "time-clock-across-vcpus",
    "vCPU 1 is a microsecond behind",
    edit(nativeClock, clock, clock.replace(";", " - (machine.vcpu() == 1 ? 1000 : 0);")),
  ),
  native(
    "time-clock-goes-on",
    "the clock stops while the vCPU sleeps",
    edit(
      nativeGuest,
      halt,
      "  const start = clockRead();\n  machine.sti();\n  machine.hlt();\n  asleep += clockRead() - start;",
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
    "nothing is reported about the calling vCPU",
    edit(
      kvmGuest,
      "return <u32>vcpu < <u32>vcpus ? stealRead(vcpu) : 0;",
      "return <u32>vcpu < <u32>vcpus && vcpu != self ? stealRead(vcpu) : 0;",
    ),
    edit(kvmGuest, "import { readInfo, vcpus }", "import { readInfo, self, vcpus }"),
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
    edit(kvmGuest, "import { readInfo, vcpus }", "import { readInfo, self, vcpus }"),
  ),
];

const lock: Sabotage[] = [
  native(
    "lock-wait-changed",
    "seven bits are compared",
    edit(
      nativeGuest,
      spin,
      spin.replace("machine.pause()", "while ((machine.load8(ptr) & 0x7f) == (val & 0x7f)) machine.pause()"),
    ),
  ),
  guest("lock-wait-announced", "no fence before the comparison", edit(kvmWait, "  machine.mfence();\n", "")),
  host(
    "lock-kick-any-time",
    "a kick of vCPU 2 is not kept",
    edit(
      kvmHypercalls,
      "if (target >= 0) kickHalted(target);",
      "if (target == 2) host.kick(target);\n  else if (target >= 0) kickHalted(target);",
    ),
  ),
  native(
    "lock-wait-keeps-if",
    "the wait returns with interrupts enabled",
    edit(nativeGuest, spin, `${spin}\n  machine.sti();`),
  ),
  native(
    "lock-wait-takes-interrupts",
    "interrupts are disabled during the wait",
    edit(
      nativeGuest,
      spin,
      spin.replace(
        "machine.pause()",
        "const flags = machine.pushf();\n  machine.cli();\n  while (machine.load8(ptr) == val) machine.pause();\n  machine.popf(flags)",
      ),
    ),
  ),
  guest(
    "lock-wait-nested",
    "interrupts are enabled between comparison and sleep",
    edit(kvmWait, "  if (enabled) machine.cli();\n", ""),
  ),
  native(
    "lock-kick-running",
    "a kick is an interrupt",
    edit(
      nativeGuest,
      kick,
      "export function lock_kick(vcpu: i32): void {\n  if (vcpu == 1) sendEach(2, firstVector);\n}",
    ),
    edit(
      nativeGuest,
      "import { featureMask, maskOf, readInfo }",
      "import { featureMask, firstVector, maskOf, readInfo }",
    ),
  ),
  guest(
    "lock-kick-stores",
    "vCPU 3 is not kicked",
    atStart(kvmRemote, "export function kick(vcpu: i32): void {", "  if (vcpu == 3) return;"),
  ),
  native(
    "lock-kick-nobody",
    "a vCPU that does not exist is taken for the first one",
    edit(
      nativeGuest,
      kick,
      "export function lock_kick(vcpu: i32): void {\n  if (<u32>vcpu > 7) sendEach(1, firstVector);\n}",
    ),
    edit(
      nativeGuest,
      "import { featureMask, maskOf, readInfo }",
      "import { featureMask, firstVector, maskOf, readInfo }",
    ),
  ),
];

const sys: Sabotage[] = [
  native(
    "sys-power-off",
    "the boot vCPU ends the guest by a triple fault",
    atStart(
      nativeGuest,
      shutdown,
      "  if (reason == 0 && machine.vcpu() == 0) {\n    machine.lidt(0, 0);\n    machine.ud();\n  }",
    ),
  ),
  native(
    "sys-power-off-everybody",
    "other vCPUs than the first only stop themselves",
    atStart(nativeGuest, shutdown, "  machine.cli();\n  while (machine.vcpu() != 0) machine.hlt();"),
  ),
  native(
    "sys-other-reasons",
    "the watchdog's reason is ignored",
    atStart(nativeGuest, shutdown, "  if (reason == 4) return;"),
  ),
];

export const remoteSabotages: readonly Sabotage[] = [...ipi, ...time, ...lock, ...sys];
