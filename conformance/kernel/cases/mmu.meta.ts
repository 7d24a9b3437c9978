import { type CaseMeta, explored, sequential } from "../case-meta.ts";

export const mmu: CaseMeta[] = [
  sequential("mmu-read-cr3-reads-back", "The root reads back as written", ["mmu.read_cr3.1"]),
  sequential(
    "mmu-cr3-own-vcpu",
    "A root is the calling vCPU's alone",
    ["mmu.read_cr3.2", "mmu.write_cr3.3"],
    ["switcher", "bystander"],
  ),
  sequential("mmu-write-cr3-new-root", "Accesses use the new root", ["mmu.write_cr3.1"]),
  sequential("mmu-write-cr3-same-root", "Loading the same root drops old translations", ["mmu.write_cr3.2"]),
  sequential("mmu-set-pte-reads-back", "An entry reads back, its neighbours stay", ["mmu.set_pte.1", "mmu.set_pte.4"]),
  explored("mmu-set-pte-whole", "Nobody sees half an entry", ["mmu.set_pte.2"], ["writer", "reader"]),
  sequential("mmu-set-pte-needs-no-flush", "A new entry can be used at once", ["mmu.set_pte.3"], ["vCPU"], { on: [3] }),
  sequential("mmu-flush-one-page", "One page, by any of its addresses", ["mmu.flush_tlb_one.1", "mmu.flush_tlb_one.3"]),
  sequential("mmu-flush-one-global", "One global page", ["mmu.flush_tlb_one.2"]),
  sequential("mmu-flush-one-non-canonical", "A non-canonical address does nothing", ["mmu.flush_tlb_one.4"]),
  sequential("mmu-flush-user-all", "Every non-global translation goes", ["mmu.flush_tlb_user.1"]),
  sequential("mmu-flush-user-structures", "Cached upper levels go too", ["mmu.flush_tlb_user.2"], ["vCPU"], {
    on: [2],
  }),
  sequential("mmu-flush-user-keeps-state", "Root and interrupt flag stay", ["mmu.flush_tlb_user.3"]),
  sequential("mmu-flush-kernel-all", "Every translation goes, global ones too", ["mmu.flush_tlb_kernel.1"]),
  sequential("mmu-flush-kernel-identifiers", "Translations of other address spaces go too", ["mmu.flush_tlb_kernel.1"]),
  sequential("mmu-flush-kernel-structures", "Cached upper levels go too", ["mmu.flush_tlb_kernel.2"], ["vCPU"], {
    on: [1],
  }),
  sequential("mmu-flush-kernel-keeps-state", "CR4, root and interrupt flag stay", ["mmu.flush_tlb_kernel.3"]),
];
