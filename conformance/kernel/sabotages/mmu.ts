/** Sabotages of mmu.*. */
import { knownBad } from "./known-bad.ts";
import { lazySabotages } from "./lazy.ts";
import {
  atStart,
  edit,
  guest,
  host,
  kvmHost,
  kvmIo,
  kvmRemote,
  kvmSteal,
  native,
  nativeFlush,
  nativeGuest,
  type Sabotage,
} from "./sabotage.ts";

export const readCr3 = "  return machine.read_cr(3);";
export const writeCr3 = "  machine.write_cr(3, root);";
export const setPte = "  machine.store64(ptr, val);";
export const flushOne = "  machine.invlpg(va);\n}\n\nexport function mmu_flush_tlb_user";
const flushUser = "  machine.write_cr(3, machine.read_cr(3));";
const wait = "  while (outstanding(at)) waitServing();";

const local: Sabotage[] = [
  native(
    "mmu-read-cr3-reads-back",
    "the root is read once and then remembered",
    edit(
      nativeGuest,
      "export function mmu_read_cr3(): i64 {",
      "let known: i64 = 0;\nexport function mmu_read_cr3(): i64 {\n  if (known) return known;\n  known = machine.read_cr(3);",
    ),
  ),
  native(
    "mmu-cr3-own-vcpu",
    "the root last loaded by anybody is reported",
    edit(
      nativeGuest,
      readCr3,
      "  const last = machine.load64(sharedVa + 48);\n  return last ? last : machine.read_cr(3);",
    ),
    edit(nativeGuest, writeCr3, `${writeCr3}\n  machine.store64(sharedVa + 48, root);`),
    edit(nativeGuest, "import { featureMask, maskOf, readInfo }", "import { featureMask, maskOf, readInfo, sharedVa }"),
  ),
  native(
    "mmu-write-cr3-new-root",
    "a new root is loaded at the next flush only",
    edit(nativeGuest, writeCr3, "  if (root == machine.read_cr(3)) machine.write_cr(3, root);\n  queued = root;"),
    edit(nativeGuest, readCr3, "  return queued ? queued : machine.read_cr(3);"),
    edit(nativeGuest, flushUser, "  machine.write_cr(3, queued ? queued : machine.read_cr(3));"),
    edit(nativeGuest, "export function mmu_read_cr3(", "let queued: i64 = 0;\nexport function mmu_read_cr3("),
  ),
  native(
    "mmu-write-cr3-same-root",
    "loading the root that is loaded does nothing",
    edit(nativeGuest, writeCr3, "  if (root != machine.read_cr(3)) machine.write_cr(3, root);"),
  ),
  native(
    "mmu-set-pte-reads-back",
    "bit 62 of an entry is lost",
    edit(nativeGuest, setPte, "  machine.store64(ptr, val & ~(<i64>1 << 62));"),
  ),
  native(
    "mmu-set-pte-whole",
    "an entry is stored in two halves",
    edit(nativeGuest, setPte, "  machine.store32(ptr, <i32>val);\n  machine.store32(ptr + 4, <i32>(val >> 32));"),
  ),
  native(
    "mmu-set-pte-needs-no-flush",
    "vCPU 3 defers its entries",
    edit(nativeGuest, setPte, "  if (machine.vcpu() != 3) machine.store64(ptr, val);"),
  ),
  native(
    "mmu-flush-one-page",
    "an address within the page is ignored",
    edit(nativeGuest, flushOne, flushOne.replace("machine.invlpg", "if (!(va & 0xfff)) machine.invlpg")),
  ),
  native(
    "mmu-flush-one-global",
    "everything but global translations is dropped",
    edit(nativeGuest, flushOne, flushOne.replace("machine.invlpg(va)", "machine.invpcid(3, 0, 0)")),
  ),
  native(
    "mmu-flush-one-non-canonical",
    "INVPCID is used for it, which faults (XSA-279)",
    edit(
      nativeGuest,
      flushOne,
      flushOne.replace(
        "machine.invlpg(va)",
        "if ((va << 16) >> 16 == va) machine.invlpg(va);\n  else machine.invpcid(0, 0, va)",
      ),
    ),
  ),
  native(
    "mmu-flush-user-all",
    "one page is dropped instead of all",
    edit(nativeGuest, flushUser, "  machine.invlpg(0);"),
  ),
  native(
    "mmu-flush-user-structures",
    "vCPU 2 flushes nothing",
    edit(nativeGuest, flushUser, `  if (machine.vcpu() != 2) ${flushUser.trim()}`),
  ),
  native(
    "mmu-flush-user-keeps-state",
    "the flush enables interrupts",
    edit(nativeGuest, flushUser, `${flushUser}\n  machine.sti();`),
  ),
];

const kernelFlush = "  machine.invpcid(INVPCID_ALL_GLOBAL, 0, 0);\n}\n\nexport function mmu_lazy_enter";
const kernel: Sabotage[] = [
  native(
    "mmu-flush-kernel-all",
    "global translations stay",
    edit(nativeGuest, kernelFlush, kernelFlush.replace("INVPCID_ALL_GLOBAL", "3")),
  ),
  native(
    "mmu-flush-kernel-identifiers",
    "with identifiers on, only the present one is flushed",
    edit(
      nativeGuest,
      kernelFlush,
      `  if (machine.read_cr(4) & 0x20000) machine.invpcid(1, machine.read_cr(3) & 0xfff, 0);\n  else ${kernelFlush.trim()}`,
    ),
  ),
  native(
    "mmu-flush-kernel-structures",
    "vCPU 1 keeps what it has cached",
    edit(nativeGuest, kernelFlush, `  if (machine.vcpu() == 1) return;\n${kernelFlush}`),
  ),
  native(
    "mmu-flush-kernel-keeps-state",
    "interrupts are enabled on return",
    edit(nativeGuest, kernelFlush, `  machine.sti();\n${kernelFlush}`),
  ),
];

const remote: Sabotage[] = [
  native(
    "mmu-flush-multi-running",
    "vCPU 1 is left out",
    edit(nativeFlush, "const others = mask & ~mine & ", "const others = mask & ~mine & ~(<u64>2) & "),
  ),
  native(
    "mmu-flush-multi-in-handler",
    "vCPU 0 is not waited for",
    edit(nativeFlush, wait, `  if (others != 1) ${wait.trim()}`),
  ),
  native(
    "mmu-flush-multi-sleeping",
    "a vCPU that sleeps is left out, and flushes nothing when it wakes up",
    edit(
      nativeGuest,
      "  machine.sti();\n  machine.hlt();",
      "  machine.rmw(machine.RMW_BTR | machine.SIZE_64 | machine.LOCK, sharedVa, machine.vcpu());\n  machine.sti();\n  machine.hlt();\n  machine.rmw(machine.RMW_BTS | machine.SIZE_64 | machine.LOCK, sharedVa, machine.vcpu());",
    ),
    edit(nativeGuest, "import { featureMask, maskOf, readInfo }", "import { featureMask, maskOf, readInfo, sharedVa }"),
  ),
  native(
    "mmu-flush-multi-in-bracket",
    "in a lazy bracket flushes are answered at once and done at its end",
    edit(
      nativeFlush,
      "    flushLocal(machine.load64(at + 8), machine.load64(at + 16), machine.load32(at + 24));",
      "    if (!lazy) flushLocal(machine.load64(at + 8), machine.load64(at + 16), machine.load32(at + 24));",
    ),
    edit(
      nativeFlush,
      "function request(",
      "let lazy: bool = false;\n\nexport function flushLazily(on: bool): void {\n  lazy = on;\n  if (!on) flushLocal(0, -1, 0);\n}\n\nfunction request(",
    ),
    edit(
      nativeGuest,
      "export function mmu_lazy_enter(): void {}",
      "export function mmu_lazy_enter(): void {\n  flushLazily(true);\n}",
    ),
    edit(
      nativeGuest,
      "export function mmu_lazy_leave(): void {}",
      "export function mmu_lazy_leave(): void {\n  flushLazily(false);\n}",
    ),
    edit(nativeGuest, "flushMulti,", "flushLazily, flushMulti,"),
  ),
  native(
    "mmu-flush-multi-self",
    "the calling vCPU is left out of a flush of one page if it is alone in the mask",
    edit(
      nativeFlush,
      "if (mask & mine) flushLocal",
      "if (mask & mine && (mask != mine || end - start > 4096)) flushLocal",
    ),
  ),
  native(
    "mmu-flush-multi-nobody",
    "an empty mask means everybody",
    edit(
      nativeFlush,
      "  const mask = maskOf(mask_va);",
      "  const named = maskOf(mask_va);\n  const mask = named ? named : ~(<u64>0);",
    ),
  ),
  native(
    "mmu-flush-multi-freed-tables",
    "freed tables are left to somebody else",
    atStart(
      nativeFlush,
      "  if (flags & ~FLAG_FREED_TABLES) return E_INVAL;",
      "  if (flags & FLAG_FREED_TABLES) return 0;",
    ),
  ),
  native(
    "mmu-flush-multi-crossed",
    "interrupts stay disabled while others are waited for",
    edit(
      nativeFlush,
      `  machine.popf(rflags);\n${wait}`,
      "  while (machine.load64(at)) machine.pause();\n  machine.popf(rflags);",
    ),
  ),
  native(
    "mmu-flush-multi-undefined-flags",
    "undefined flags are accepted",
    edit(nativeFlush, "  if (flags & ~FLAG_FREED_TABLES) return E_INVAL;\n", ""),
  ),
  native(
    "mmu-flush-multi-range",
    "the last page of a range is dropped only if the range reaches its end",
    edit(nativeFlush, "va < <u64>end; va += PAGE", "va + PAGE <= <u64>end; va += PAGE"),
  ),
  native(
    "mmu-flush-multi-everything",
    "everything is taken for all but global translations",
    edit(
      nativeFlush,
      "machine.invpcid(INVPCID_ALL_GLOBAL, 0, 0);\n    return;",
      "machine.invpcid(flags ? INVPCID_ALL_GLOBAL : 3, 0, 0);\n    return;",
    ),
  ),
  native(
    "mmu-flush-multi-odd-ranges",
    "every page of a range is loaded from before it is dropped",
    edit(
      nativeFlush,
      "machine.invlpg(<i64>va);",
      "{\n    if ((va >> 48) == 0) machine.load8(<i64>va);\n    machine.invlpg(<i64>va);\n  }",
    ),
  ),
  native(
    "mmu-flush-multi-switching",
    "a vCPU that has left the initiator's address space flushes nothing",
    edit(
      nativeFlush,
      "  machine.store32(at + 24, flags);\n  machine.rmw",
      "  machine.store32(at + 24, flags);\n  machine.store64(sharedVa + 512, machine.read_cr(3));\n  machine.rmw",
    ),
    edit(
      nativeFlush,
      "    flushLocal(machine.load64(at + 8), machine.load64(at + 16), machine.load32(at + 24));",
      "    if (machine.load64(sharedVa + 512) == machine.read_cr(3)) flushLocal(machine.load64(at + 8), machine.load64(at + 16), machine.load32(at + 24));",
    ),
  ),
  host(
    "mmu-flush-multi-preempted",
    "a flush left for vCPU 3 while it was preempted is not done when it runs again (CVE-2019-3016)",
    edit(kvmSteal, "if (preempted & FLUSH_TLB && offered", "if (preempted & FLUSH_TLB && vcpu != 3 && offered"),
  ),
  knownBad("mmu-flush-multi-returning", "kvm-flush-compare-ignored"),
  host(
    "mmu-flush-multi-inside",
    "vCPU 2 is reported as preempted wherever the host has stopped it",
    edit(
      kvmHost,
      "if (what == SCHED_OUT) stealPreempted",
      "if (what == SCHED_OUT || (what != SCHED_IN && vcpu == 2)) stealPreempted",
    ),
    edit(
      kvmIo,
      "  const flags = host.get(vcpu, host.FIELD_EXIT_FLAGS);\n",
      "  const flags = host.get(vcpu, host.FIELD_EXIT_FLAGS);\n  host.resched(vcpu);\n",
    ),
  ),
  guest(
    "mmu-flush-multi-spared",
    "vCPU 3 is not left to flush by itself",
    edit(kvmRemote, "if (i != self && mask & bit && deferFlush", "if (i != self && i != 3 && mask & bit && deferFlush"),
  ),
];

export const mmuSabotages: readonly Sabotage[] = [...local, ...kernel, ...lazySabotages, ...remote];
