/** Sabotages of the rules. */
import {
  atStart,
  edit,
  host,
  kvmSteal,
  native,
  nativeClock,
  nativeFlush,
  nativeGuest,
  type Sabotage,
} from "./sabotage.ts";

const handlerFlush = "function onFlush(frame: i64): void {\n";
const writeMsr = "  machine.wrmsr(msr, value);\n}\n\nexport function msr_read_safe";
const flushLoop = "  for (let va = first; va < <u64>end; va += PAGE) machine.invlpg(<i64>va);";

export const ruleSabotages: readonly Sabotage[] = [
  native(
    "rule-native-equivalence",
    "loading a root sets CR0.TS",
    edit(
      nativeGuest,
      "  machine.write_cr(3, root);",
      "  machine.write_cr(3, root);\n  machine.write_cr(0, machine.read_cr(0) | 8);",
    ),
  ),
  host(
    "rule-clobbers",
    "taking the preempted byte clears R13",
    edit(kvmSteal, "  const preempted = <i32>host.rmw", "  host.set(vcpu, 13, 0);\n  const preempted = <i32>host.rmw"),
  ),
  native(
    "rule-flags",
    "asking for one's own stolen time enables interrupts",
    atStart(nativeGuest, "export function time_steal_clock(vcpu: i32): i64 {", "  machine.sti();"),
  ),
  native(
    "rule-nmi-safety",
    "clock and flush share a scratch variable",
    edit(nativeGuest, "  machine.invlpg(va);", "  setScratch(va);\n  machine.lfence();\n  machine.invlpg(scratch);"),
    edit(
      nativeGuest,
      "import { clockInit, clockRead, hz }",
      "import { clockInit, clockRead, hz, scratch, setScratch }",
    ),
    edit(
      nativeClock,
      "export function clockRead(): i64 {",
      "export let scratch: i64 = 0;\nexport function setScratch(value: i64): void {\n  scratch = value;\n}\n\nexport function clockRead(): i64 {\n  scratch = 0;",
    ),
  ),
  native(
    "rule-scope",
    "writing an MSR makes others run code that forgets R14",
    edit(nativeGuest, writeMsr, "  machine.wrmsr(msr, value);\n  tellOthers();\n}\n\nexport function msr_read_safe"),
    edit(
      nativeGuest,
      "import { flushInit, flushMulti, INVPCID_ALL_GLOBAL, sendEach }",
      "import { flushInit, flushMulti, INVPCID_ALL_GLOBAL, sendEach, tellOthers }",
    ),
    edit(
      nativeFlush,
      "function request(",
      "export function tellOthers(): void {\n  machine.store64(sharedVa + 56, 1);\n  machine.mfence();\n  sendEach(<u64>machine.load64(sharedVa) & ~((<u64>1) << self), firstVector);\n}\n\nfunction request(",
    ),
    edit(
      nativeFlush,
      handlerFlush,
      `${handlerFlush}  if (machine.load64(sharedVa + 56)) machine.ctx_set_reg(14, 0);\n`,
    ),
  ),
  native(
    "rule-deferral",
    "MSRs are not written inside the bracket",
    edit(
      nativeGuest,
      "export function mmu_lazy_enter(): void {}",
      "let lazy: bool = false;\nexport function mmu_lazy_enter(): void {\n  lazy = true;\n}",
    ),
    edit(
      nativeGuest,
      "export function mmu_lazy_leave(): void {}",
      "export function mmu_lazy_leave(): void {\n  lazy = false;\n}",
    ),
    edit(nativeGuest, writeMsr, "  if (!lazy) machine.wrmsr(msr, value);\n}\n\nexport function msr_read_safe"),
  ),
  native(
    "rule-void-ops",
    "an address that is none is skipped",
    atStart(
      nativeGuest,
      "export function mmu_set_pte(ptr: i64, val: i64): void {",
      "  if ((ptr << 16) >> 16 != ptr) return;",
    ),
  ),
  native(
    "rule-long-ops",
    "the page that comes next is kept where a handler's flush keeps its own",
    edit(nativeFlush, flushLoop, "  for (next = first; next < <u64>end; next += PAGE) machine.invlpg(<i64>next);"),
    edit(nativeFlush, "export function flushLocal(", "let next: u64 = 0;\nexport function flushLocal("),
  ),
];
