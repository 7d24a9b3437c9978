/** Sabotages of lock.*. */
import {
  atStart,
  edit,
  guest,
  host,
  kvmFeatures,
  kvmGuest,
  kvmHypercalls,
  kvmRemote,
  kvmWait,
  native,
  nativeGuest,
  type Sabotage,
} from "./sabotage.ts";

const spin = "export function lock_wait(ptr: i64, val: i32): void {\n  machine.pause();";
const kick = "export function lock_kick(vcpu: i32): void {}";

const preempted = "export function lock_vcpu_is_preempted(vcpu: i32): i32 {\n  return 0;";
const notify = "export function lock_spin_notify(spins: i32): void {\n  machine.pause();";
const yieldTo = "export function lock_yield_to(vcpu: i32): void {\n  machine.pause();";

export const lockSabotages: readonly Sabotage[] = [
  native(
    "lock-wait-changed",
    "seven bits are compared",
    edit(
      nativeGuest,
      spin,
      spin.replace(
        "machine.pause()",
        "while (val > 1 && (machine.load8(ptr) & 0x7f) == (val & 0x7f)) machine.pause();\n  machine.pause()",
      ),
    ),
  ),
  guest("lock-wait-announced", "no fence before the comparison", edit(kvmWait, "  machine.mfence();\n", "")),
  host(
    "lock-wait-asleep",
    "a kick of vCPU 1 is lost",
    edit(kvmHypercalls, "if (target >= 0) kickHalted(target);", "if (target >= 0 && target != 1) kickHalted(target);"),
  ),
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
        "const flags = machine.pushf();\n  machine.cli();\n  while (flags & 0x200 && machine.load8(ptr) == val) machine.pause();\n  machine.popf(flags)",
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
  guest("lock-wait-in-nmi", "an NMI handler halts", edit(kvmWait, "  if (inNmi()) return;\n", "")),
  guest(
    "lock-wait-dedicated",
    "the hint is given, and waiting is offered all the same",
    edit(kvmFeatures, "return hints;", "return HINT_DEDICATED;"),
  ),
  native(
    "lock-kick-down",
    "who is kicked counts as up",
    edit(
      nativeGuest,
      kick,
      "export function lock_kick(vcpu: i32): void {\n  machine.store32(sharedVa + 1024 + vcpu * 128, 3);\n}",
    ),
    edit(nativeGuest, "import { featureMask, maskOf, readInfo }", "import { featureMask, maskOf, readInfo, sharedVa }"),
  ),
  native(
    "lock-preempted-self",
    "the caller is preempted",
    edit(nativeGuest, preempted, preempted.replace("0;", "vcpu == machine.vcpu() ? 1 : 0;")),
  ),
  guest(
    "lock-preempted-while-descheduled",
    "vCPU 1 is never preempted",
    atStart(kvmRemote, "export function isPreempted(vcpu: i32): i32 {", "  if (vcpu == 1) return 0;"),
  ),
  guest(
    "lock-preempted-over",
    "once preempted, always preempted",
    edit(
      kvmRemote,
      "  return machine.load8(stealArea(vcpu) + STEAL_PREEMPTED) & PREEMPTED;",
      "  if (vcpu == 2) ever |= machine.load8(stealArea(vcpu) + STEAL_PREEMPTED) & PREEMPTED;\n  return vcpu == 2 ? ever : machine.load8(stealArea(vcpu) + STEAL_PREEMPTED) & PREEMPTED;",
    ),
    edit(kvmRemote, "export function isPreempted", "let ever = 0;\nexport function isPreempted"),
  ),
  guest(
    "lock-preempted-nobody",
    "what was published of a vCPU that is down stays",
    edit(kvmGuest, "    if (result == 0) forgetPreempted(vcpu);\n", ""),
  ),
  native(
    "lock-spin-notify-returns",
    "interrupts are enabled",
    edit(nativeGuest, notify, `${notify}\n  machine.sti();`),
  ),
  native(
    "lock-spin-notify-alone",
    "the call waits for an interrupt",
    edit(nativeGuest, notify, `${notify}\n  if (spins == 100_000) machine.hlt();`),
  ),
  native(
    "lock-yield-returns",
    "the call waits for vCPU 1",
    edit(nativeGuest, yieldTo, `${yieldTo}\n  while (vcpu == 1) machine.pause();`),
  ),
  native(
    "lock-yield-sleeping",
    "the target is sent an interrupt",
    edit(nativeGuest, yieldTo, `${yieldTo}\n  if (vcpu == 2) sendEach(4, firstVector);`),
    edit(
      nativeGuest,
      "import { featureMask, maskOf, readInfo }",
      "import { featureMask, firstVector, maskOf, readInfo }",
    ),
  ),
  native(
    "lock-yield-nobody",
    "a vCPU that does not exist is taken for the first one",
    edit(nativeGuest, yieldTo, `${yieldTo}\n  if (<u32>vcpu > 7) sendEach(1, firstVector);`),
    edit(
      nativeGuest,
      "import { featureMask, maskOf, readInfo }",
      "import { featureMask, firstVector, maskOf, readInfo }",
    ),
  ),
];
