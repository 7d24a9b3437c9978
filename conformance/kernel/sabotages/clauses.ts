/** Sabotages of clauses that share their only case with others, each of which the case's own sabotage leaves alone. */
import { nmi, targets } from "./ipi.ts";
import { disable, enable } from "./irq.ts";
import { flushOne, readCr3, setPte, writeCr3 } from "./mmu.ts";
import { atStart, edit, guest, kvmGuest, native, nativeGuest, nativeSmp, type Sabotage } from "./sabotage.ts";

const saveFlags = "export function irq_save_fl(): i64 {";

function ofClause(clause: string, sabotage: Sabotage): Sabotage {
  return { ...sabotage, clause };
}

export const clauseSabotages: readonly Sabotage[] = [
  ofClause(
    "init.features.1",
    native(
      "init-features-defined-bits",
      "a hint that nobody has defined is given",
      edit(
        nativeGuest,
        ": 0;\n}\n\n/** There is no hypervisor",
        ": (<i64>which) << 40;\n}\n\n/** There is no hypervisor",
      ),
    ),
  ),
  ofClause(
    "irq.save_fl.1",
    native(
      "irq-save-fl-both-states",
      "on vCPU 0 the flag reads as set",
      atStart(nativeGuest, saveFlags, "  if (machine.vcpu() == 0) return machine.pushf() | machine.RFLAGS_IF;"),
    ),
  ),
  ofClause(
    "irq.save_fl.4",
    native(
      "irq-keep-registers",
      "irq.save_fl executes CPUID, which writes RBX, RCX and RDX",
      atStart(nativeGuest, saveFlags, "  machine.cpuid(0, 0);"),
    ),
  ),
  ofClause(
    "irq.disable.2",
    native(
      "irq-disable-holds-delivery",
      "the task priority of vCPU 3 holds vector 0x40 when interrupts are enabled again",
      edit(
        nativeGuest,
        enable,
        enable.replace(
          "machine.sti",
          "if (machine.vcpu() == 3 && machine.rdmsr(0x822) & 1) machine.wrmsr(0x808, 0x40);\n  machine.sti",
        ),
      ),
    ),
  ),
  ofClause(
    "irq.disable.5",
    native(
      "irq-keep-registers",
      "irq.disable executes CPUID, which writes RBX, RCX and RDX",
      edit(nativeGuest, disable, `${disable}\n  machine.cpuid(0, 0);`),
    ),
  ),
  ofClause(
    "irq.restore.2",
    native(
      "irq-restore-both-states",
      "flags without the bit that is always one are taken for none",
      edit(
        nativeGuest,
        "  if (flags & machine.RFLAGS_IF) machine.sti();",
        "  if (flags & machine.RFLAGS_IF && flags & 2) machine.sti();",
      ),
    ),
  ),
  ofClause(
    "ipi.send_mask.1",
    native(
      "ipi-exact-targets",
      "of vCPUs 1 and 3 the latter is forgotten",
      edit(nativeGuest, targets, `${targets.replace("const", "let")}\n  if (targets == 0b1010) targets = 0b0010;`),
    ),
  ),
  ofClause(
    "ipi.send_nmi.1",
    native(
      "ipi-nmi-targets",
      "of vCPUs 1 and 3 the latter is forgotten",
      edit(nativeGuest, nmi, `${nmi.replace("const", "let")}\n  if (targets == 0b1010) targets = 0b0010;`),
    ),
  ),
  ofClause(
    "mmu.write_cr3.3",
    native(
      "mmu-cr3-own-vcpu",
      "who reads its root loads the one that anybody has loaded last",
      edit(
        nativeGuest,
        readCr3,
        "  const own = machine.read_cr(3);\n  const last = machine.load64(sharedVa + 48);\n  if (last && last != own) machine.write_cr(3, last);\n  return own;",
      ),
      edit(nativeGuest, writeCr3, `${writeCr3}\n  machine.store64(sharedVa + 48, root);`),
      edit(
        nativeGuest,
        "import { featureMask, maskOf, readInfo }",
        "import { featureMask, maskOf, readInfo, sharedVa }",
      ),
    ),
  ),
  ofClause(
    "mmu.set_pte.4",
    native(
      "mmu-set-pte-reads-back",
      "an entry that is not present, but not empty, clears the one behind it",
      edit(nativeGuest, setPte, `${setPte}\n  if (val && !(val & 1)) machine.store64(ptr + 8, 0);`),
    ),
  ),
  ofClause(
    "mmu.flush_tlb_one.1",
    native(
      "mmu-flush-one-page",
      "page 13 of 64 is left out",
      edit(nativeGuest, flushOne, flushOne.replace("machine.invlpg", "if (((va >> 12) & 63) != 13) machine.invlpg")),
    ),
  ),
  ofClause(
    "time.steal_clock.5",
    guest(
      "time-steal-of-others",
      "the first index that does not exist gives an error",
      edit(kvmGuest, "? stealRead(vcpu) : 0;", "? stealRead(vcpu) : vcpu == vcpus ? -1 : 0;"),
    ),
  ),
  ofClause(
    "smp.set_initial_ap_state.2",
    native(
      "smp-state-refused",
      "a vCPU whose state was refused counts as started",
      edit(
        nativeSmp,
        "  return valid ? 0 : E_INVAL;",
        "  machine.store32(at + LEFT, valid ? 0 : 7);\n  return valid ? 0 : E_INVAL;",
      ),
      edit(
        nativeSmp,
        "  if (before != READY) return before >= UP",
        "  if (before == DOWN && machine.load32(at + LEFT) == 7) return 0;\n  if (before != READY) return before >= UP",
      ),
    ),
  ),
  ofClause(
    "smp.is_up.2",
    native(
      "smp-is-up",
      "a vCPU that does not exist is down",
      edit(
        nativeSmp,
        "  if (!exists(vcpu)) return E_INVAL;\n  return machine.load32",
        "  if (!exists(vcpu)) return 0;\n  return machine.load32",
      ),
    ),
  ),
  ofClause(
    "smp.apicid_to_vp.1",
    native(
      "smp-apic-ids",
      "the id of vCPU 3 is unknown",
      edit(nativeSmp, "if (apicIdOf(i) == apic_id)", "if (apicIdOf(i) == apic_id && i != 3)"),
    ),
  ),
];
