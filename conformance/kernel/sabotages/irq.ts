/** Sabotages of irq.*. */
import { atStart, edit, exported, guest, native, nativeFlush, nativeGuest, type Sabotage } from "./sabotage.ts";

export const disable = "export function irq_disable(): void {\n  machine.cli();";
export const enable = "export function irq_enable(): void {\n  machine.sti();";
const park = "export function irq_halt(): void {\n  machine.hlt();";
const halt = "  machine.sti();\n  machine.hlt();";
/** IRR word of vectors 0x40–0x5F. */
const pendingWord = "machine.rdmsr(0x822)";

export const irqSabotages: readonly Sabotage[] = [
  native(
    "irq-save-fl-both-states",
    "reading the flag switches interrupts on",
    atStart(
      nativeGuest,
      "export function irq_save_fl(): i64 {",
      "  const flags = machine.pushf();\n  machine.sti();\n  if (flags) return flags;",
    ),
  ),
  native(
    "irq-save-fl-in-nmi",
    "the flags pass through a variable that an NMI handler overwrites",
    edit(
      nativeGuest,
      "export function irq_save_fl(): i64 {",
      "let saved: i64 = 0;\nexport function irq_save_fl(): i64 {\n  saved = machine.pushf();\n  machine.pushf();\n  if (saved) return saved;",
    ),
  ),
  native(
    "irq-keep-registers",
    "irq.enable executes CPUID, which writes RBX, RCX and RDX",
    edit(nativeGuest, enable, enable.replace("machine.sti()", "machine.cpuid(0, 0);\n  machine.sti()")),
  ),
  native(
    "irq-disable-holds-delivery",
    "irq.disable does nothing on vCPU 3",
    edit(nativeGuest, disable, disable.replace("machine.cli()", "if (machine.vcpu() != 3) machine.cli()")),
  ),
  native(
    "irq-disable-any-arrival",
    "an interrupt that arrives during irq.disable undoes it",
    edit(nativeGuest, disable, `${disable}\n  if (${pendingWord} & 2) machine.sti();`),
  ),
  native(
    "irq-disable-does-not-count",
    "calls of irq.disable are counted on vCPU 0",
    edit(nativeGuest, disable, `let depth: i32 = 0;\n${disable}\n  if (!machine.vcpu()) depth += 1;`),
    edit(
      nativeGuest,
      enable,
      enable.replace("machine.sti()", "depth = max(depth - 1, 0);\n  if (!depth) machine.sti()"),
    ),
  ),
  native(
    "irq-disable-own-vcpu",
    "irq.disable on vCPU 3 reaches vCPU 2 by interrupt",
    edit(
      nativeGuest,
      disable,
      `${disable}\n  if (machine.vcpu() == 3) {\n    machine.store64(sharedVa + 48, 1);\n    machine.mfence();\n    sendEach(4, firstVector);\n  }`,
    ),
    edit(
      nativeGuest,
      "import { featureMask, maskOf, readInfo }",
      "import { featureMask, firstVector, maskOf, readInfo, sharedVa }",
    ),
    edit(
      nativeFlush,
      "  serve();\n  machine.wrmsr(",
      "  serve();\n  if (machine.load64(sharedVa + 48)) machine.store64(frame + 16, machine.load64(frame + 16) & ~machine.RFLAGS_IF);\n  machine.wrmsr(",
    ),
  ),
  native(
    "irq-enable-delivers-pending",
    "irq.enable tests for a pending interrupt the wrong way round",
    edit(nativeGuest, enable, enable.replace("machine.sti()", `if (!(${pendingWord} & 0x10)) machine.sti()`)),
  ),
  native(
    "irq-enable-then-disable",
    "irq.disable is skipped after an irq.enable that had something to deliver",
    edit(
      nativeGuest,
      enable,
      `let delivering: bool = false;\n${enable.replace("machine.sti()", `delivering = ${pendingWord} != 0;\n  machine.sti()`)}`,
    ),
    edit(
      nativeGuest,
      disable,
      disable.replace("machine.cli()", "if (delivering) {\n    delivering = false;\n    return;\n  }\n  machine.cli()"),
    ),
  ),
  native(
    "irq-safe-halt-pending-before",
    "a pending interrupt is taken between sti and hlt",
    edit(
      nativeGuest,
      halt,
      halt.replace("  machine.hlt()", "  if (machine.vcpu() == 0) machine.lfence();\n  machine.hlt()"),
    ),
  ),
  native(
    "irq-safe-halt-any-arrival",
    "an arriving interrupt is taken between sti and hlt",
    edit(
      nativeGuest,
      halt,
      halt.replace("  machine.hlt()", "  if (machine.vcpu() == 2) machine.lfence();\n  machine.hlt()"),
    ),
  ),
  native(
    "irq-safe-halt-in-sleep",
    "vCPU 3 goes to sleep again when it was woken",
    edit(nativeGuest, halt, `${halt}\n  if (machine.vcpu() == 3) machine.hlt();`),
  ),
  native(
    "irq-safe-halt-returns-enabled",
    "the halt returns with interrupts disabled on vCPU 0",
    edit(nativeGuest, halt, `${halt}\n  if (!machine.vcpu()) machine.cli();`),
  ),
  native(
    "irq-safe-halt-enabled",
    "vCPU 1 comes back with interrupts disabled when they were enabled",
    edit(
      nativeGuest,
      halt,
      `  const flags = machine.pushf();\n${halt}\n  if (machine.vcpu() == 1 && flags & machine.RFLAGS_IF) machine.cli();`,
    ),
  ),
  native(
    "irq-enable-any-arrival",
    "irq.enable on vCPU 2 looks for pending interrupts first and leaves those of vector 0x47 alone",
    edit(
      nativeGuest,
      enable,
      enable.replace("machine.sti()", `if (machine.vcpu() != 2 || !(${pendingWord} & 0x80)) machine.sti()`),
    ),
  ),
  native(
    "irq-restore-both-states",
    "flags are taken for a truth value",
    edit(nativeGuest, "  if (flags & machine.RFLAGS_IF) machine.sti();", "  if (flags) machine.sti();"),
  ),
  native(
    "irq-restore-delivers-pending",
    "what is pending is dropped by an enabling irq.restore",
    edit(
      nativeGuest,
      "  if (flags & machine.RFLAGS_IF) machine.sti();",
      `  if (flags & machine.RFLAGS_IF && ${pendingWord}) return;\n  if (flags & machine.RFLAGS_IF) machine.sti();`,
    ),
  ),
  native(
    "irq-halt-enabled",
    "the park switches interrupts off meanwhile",
    edit(
      nativeGuest,
      park,
      park.replace(
        "machine.hlt()",
        "const flags = machine.pushf();\n  machine.cli();\n  machine.hlt();\n  machine.popf(flags)",
      ),
    ),
  ),
  native(
    "irq-halt-disabled",
    "the park switches interrupts on meanwhile",
    edit(
      nativeGuest,
      park,
      park.replace(
        "machine.hlt()",
        "const flags = machine.pushf();\n  machine.sti();\n  machine.hlt();\n  machine.popf(flags)",
      ),
    ),
  ),
  native(
    "irq-halt-nmi",
    "vCPU 3 goes to sleep again when it was woken",
    edit(nativeGuest, park, `${park}\n  if (machine.vcpu() == 3) machine.hlt();`),
  ),
  native(
    "irq-halt-keeps-flag",
    "the park returns with interrupts disabled",
    edit(nativeGuest, park, `${park}\n  machine.cli();`),
  ),
  guest(
    "irq-sint-config-refuses",
    "any source and vector is accepted, though there are none",
    exported("irq_sint_config(source: i32, config: i64): i32", "return 0;"),
  ),
];
