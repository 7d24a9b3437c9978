import { coreEverywhere, op } from "../schema.ts";

const sources = ["Linux pv_ops mmu.lazy_mode", "VMI SetLazyMode", "Xen multicalls"];
const deviations = ["A backend may defer nothing at all: on bare metal all three calls do nothing."];

export const mmuLazyEnter = op({
  id: "mmu.lazy_enter",
  summary: "Opens a bracket on the calling vCPU in which the effect of mmu.set_pte may be delayed.",
  params: [],
  result: "void",
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "A handler that interrupts the bracket is not in it: its mmu.set_pte has taken effect on return.",
      source: "Linux arch/x86/xen/mmu_pv.c: in an interrupt nothing is batched; rule G6",
    },
    {
      n: 2,
      text: "mmu.write_cr3 and every flush first apply what was deferred before them.",
      source: "Linux commit 1160c2779b82 and arch/x86/xen/mmu_pv.c xen_write_cr3; rule G6",
    },
    {
      n: 3,
      text: "Brackets do not nest: entering again changes nothing, and the next mmu.lazy_leave ends the bracket.",
      source: "Linux arch/x86/xen enter_lazy; decided here",
    },
  ],
  deviations,
  decisions: [
    {
      conflict:
        "Xen's Linux half stops the kernel when a bracket is entered twice or left without being entered, VMI sets an absolute mode, later Linux counts nesting above the backend.",
      choice:
        "An absolute mode as in VMI, because it cannot fail and the count, where one is needed, belongs to the kernel.",
    },
  ],
  sources,
  native: true,
});

export const mmuLazyLeave = op({
  id: "mmu.lazy_leave",
  summary: "Ends the bracket that mmu.lazy_enter opened.",
  params: [],
  result: "void",
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "On return every entry set in the bracket reads back and is what walks use, in the order of the calls.",
      source: "Linux pv_ops mmu.lazy_mode.leave; rule G6",
    },
    {
      n: 2,
      text: "Leaving without having entered has no effect, and what follows is not deferred.",
      source: "VMI SetLazyMode; decided here",
    },
  ],
  deviations,
  sources,
  native: true,
});

export const mmuLazyFlush = op({
  id: "mmu.lazy_flush",
  summary: "Applies what was deferred so far without ending the bracket.",
  params: [],
  result: "void",
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "On return every entry set in the bracket so far reads back and is what walks use.",
      source: "Linux pv_ops mmu.lazy_mode.flush; rule G6",
    },
  ],
  deviations,
  sources,
  native: true,
});
