/** Sabotages of lock.*. */
import {
  atStart,
  edit,
  guest,
  host,
  kvmHypercalls,
  kvmRemote,
  kvmWait,
  native,
  nativeGuest,
  type Sabotage,
} from "./sabotage.ts";

const spin = "export function lock_wait(ptr: i64, val: i32): void {\n  machine.pause();";
const kick = "export function lock_kick(vcpu: i32): void {}";

export const lockSabotages: readonly Sabotage[] = [
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
