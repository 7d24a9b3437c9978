import { coreEverywhere, op } from "../schema.ts";

export const mmuReadCr3 = op({
  id: "mmu.read_cr3",
  summary: "Root of the calling vCPU's page tables as the kernel sees it.",
  params: [],
  result: "i64",
  resultDoc: "guest-physical address of the root in bits 51:12",
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "Bits 51:12 of the result are those of the value last given to mmu.write_cr3 on this vCPU.",
      source: "Intel SDM MOV CR3; Xen logical root",
    },
    { n: 2, text: "A root loaded on another vCPU does not change the result here (rule G5).", source: "rule G5" },
  ],
  deviations: ["Bits outside 51:12 may differ from those written."],
  sources: ["Linux pv_ops mmu.read_cr3"],
  native: true,
});

export const mmuWriteCr3 = op({
  id: "mmu.write_cr3",
  summary: "Makes another page-table root the calling vCPU's and drops its non-global translations.",
  params: [{ name: "root", type: "i64", doc: "guest-physical address of the root, 4096-aligned" }],
  result: "void",
  tiers: coreEverywhere,
  clauses: [
    { n: 1, text: "Accesses after the call are translated by the new root.", source: "Intel SDM MOV CR3" },
    {
      n: 2,
      text: "On return no non-global translation that existed before the call is used on this vCPU, even if the root is the same.",
      source: "Intel SDM vol. 3 4.10.4.1",
    },
    { n: 3, text: "Root and translations of other vCPUs stay as they are (rule G5).", source: "rule G5" },
  ],
  deviations: ["Global translations may be dropped as well."],
  sources: ["Linux pv_ops mmu.write_cr3", "VMI SetCR3", "Xen MMUEXT_NEW_BASEPTR"],
  native: true,
});

export const mmuSetPte = op({
  id: "mmu.set_pte",
  summary: "Replaces one last-level page-table entry.",
  params: [
    { name: "ptr", type: "i64", doc: "va of the entry, 8-aligned" },
    { name: "val", type: "i64", doc: "new entry with a guest frame in bits 51:12" },
  ],
  result: "void",
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "On return the entry reads back as val on the calling vCPU, hardware A and D bits apart.",
      source: "Linux pv_ops mmu.set_pte",
    },
    {
      n: 2,
      text: "The whole entry changes in one atomic store: nobody reads or walks a mixture of old and new.",
      source: "Intel SDM vol. 3, guaranteed atomic operations: aligned quadword stores are atomic",
    },
    {
      n: 3,
      text: "An entry that was not present can be used on the calling vCPU after return without any flush.",
      source: "Intel SDM vol. 3 4.10.4.3",
    },
    { n: 4, text: "Neighbouring entries do not change.", source: "VMI SetPxE" },
  ],
  deviations: ["No flush is implied and none is forbidden."],
  decisions: [
    {
      conflict:
        "Xen names an entry by its machine address and puts machine frames into it, VMI gives a virtual address, a level and guest frames, Linux a virtual address and guest frames.",
      choice:
        "Virtual address and guest frames: conversion is the backend's, and nobody else has to know that it exists.",
    },
  ],
  sources: ["Linux pv_ops mmu.set_pte", "Xen mmu_update"],
  native: true,
});

export const mmuFlushTlbOne = op({
  id: "mmu.flush_tlb_one",
  summary: "Drops the translations of one page on the calling vCPU.",
  params: [{ name: "va", type: "i64", doc: "any address in the page" }],
  result: "void",
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "On return the calling vCPU uses no translation of the page holding va that existed before the call.",
      source: "Intel SDM vol. 2 INVLPG",
    },
    { n: 2, text: "That includes global translations.", source: "Intel SDM INVLPG" },
    { n: 3, text: "va may be any address in the page.", source: "Intel SDM INVLPG" },
    { n: 4, text: "A non-canonical va has no effect and raises no fault.", source: "XSA-279, CVE-2018-19965" },
  ],
  deviations: ["More translations than named may be dropped."],
  sources: ["Linux pv_ops mmu.flush_tlb_one_user", "VMI InvalPage", "Xen MMUEXT_INVLPG_LOCAL"],
  native: true,
});

export const mmuFlushTlbUser = op({
  id: "mmu.flush_tlb_user",
  summary: "Drops all non-global translations of the current address space on the calling vCPU.",
  params: [],
  result: "void",
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "On return the calling vCPU uses no non-global translation that existed before the call.",
      source: "Linux pv_ops mmu.flush_tlb_user",
    },
    { n: 2, text: "Paging-structure caches of the address space are dropped with them.", source: "Intel SDM 4.10.4.1" },
    {
      n: 3,
      text: "Page-table root and interrupt-enable state are unchanged (rules G1, G3).",
      source: "rules G1 and G3",
    },
  ],
  deviations: ["Global translations may be dropped as well."],
  sources: ["Linux pv_ops mmu.flush_tlb_user", "VMI FlushTLB", "Xen MMUEXT_TLB_FLUSH_LOCAL"],
  native: true,
});

export const mmuFlushTlbKernel = op({
  id: "mmu.flush_tlb_kernel",
  summary: "Drops every translation of the calling vCPU, global ones too.",
  params: [],
  result: "void",
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "On return the calling vCPU uses no translation that existed before the call, global or not.",
      source: "Linux pv_ops mmu.flush_tlb_kernel; Intel SDM INVPCID type 2 and MOV CR4 (PGE)",
    },
    { n: 2, text: "Paging-structure caches are dropped with them.", source: "Intel SDM 4.10.4.1" },
    {
      n: 3,
      text: "CR4, page-table root and interrupt-enable state are unchanged (rules G1, G3).",
      source:
        "Linux arch/x86/mm/tlb.c native_flush_tlb_global: CR4.PGE is toggled with interrupts disabled; rules G1 and G3",
    },
  ],
  deviations: [],
  sources: ["Linux pv_ops mmu.flush_tlb_kernel", "VMI FlushTLB flags 1|2", "Xen MMUEXT_TLB_FLUSH_LOCAL"],
  native: true,
});

export const mmuFlushTlbMulti = op({
  id: "mmu.flush_tlb_multi",
  summary: "Drops translations of an address range on a set of vCPUs. Interrupts are enabled on entry.",
  params: [
    {
      name: "mask_va",
      type: "i64",
      doc: "va of u64[4], bit i of word i / 64 names vCPU index i; 8-aligned, in one page",
    },
    { name: "start", type: "i64", doc: "first address of the range" },
    { name: "end", type: "i64", doc: "first address after it; -1 means everything" },
    { name: "flags", type: "i32", doc: "bit 0: page-table pages were freed" },
  ],
  result: "i32",
  resultDoc: "0, or a negative error after which nothing is promised",
  fallible: true,
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "On return of 0 no running vCPU in the mask uses a translation in the range that existed before the call.",
      source: "Linux pv_ops mmu.flush_tlb_multi; Linux selftest kvm hyperv_tlb_flush",
    },
    {
      n: 2,
      text: "A vCPU in the mask that sleeps uses none after it wakes up.",
      source: "Linux arch/x86/mm/tlb.c (lazy TLB and idle CPUs)",
    },
    {
      n: 3,
      text: "A vCPU in the mask that the host has preempted uses none once it runs again.",
      source: "CVE-2019-3016; CVE-2022-39189",
    },
    {
      n: 4,
      text: "The calling vCPU is flushed when its bit is set, without help of others.",
      source: "Linux arch/x86/hyperv/mmu.c (the caller's own CPU)",
    },
    {
      n: 5,
      text: "An empty mask and bits of vCPUs that do not exist succeed without any effect.",
      source: "Linux arch/x86/hyperv/mmu.c; hosts disagree on an empty mask",
    },
    {
      n: 6,
      text: "With flag bit 0, paging-structure caches of the vCPUs in the mask are dropped too.",
      source: "Intel SDM vol. 3 4.10.3; Linux arch/x86/hyperv/mmu.c (freed_tables)",
    },
    {
      n: 7,
      text: "vCPUs that flush each other at the same time all return.",
      source: "Linux kernel/smp.c: senders serve requests while they wait",
    },
    {
      n: 8,
      text: "Undefined flag bits are refused with E_INVAL before anything is flushed.",
      source: "decided here: docs/rules.md",
    },
    {
      n: 9,
      text: "Every page of a range of several pages is covered.",
      source: "Hyper-V TLFS HvCallFlushVirtualAddressList: up to 4096 pages per entry",
    },
    {
      n: 10,
      text: "With end −1 every translation is dropped, global ones too, whatever start is.",
      source: "Linux TLB_FLUSH_ALL; Xen MMUEXT_TLB_FLUSH_MULTI",
    },
    {
      n: 11,
      text: "An empty range and one that crosses the non-canonical hole succeed, and no fault is raised on any vCPU.",
      source: "XSA-279, CVE-2018-19965; decided here: docs/rules.md",
    },
    {
      n: 12,
      text: "A vCPU in the mask that loads another root meanwhile uses none afterwards, global ones included.",
      source:
        "Linux arch/x86/mm/tlb.c flush_tlb_func: a vCPU that has left the address space may skip the flush only if nothing stays cached",
    },
    {
      n: 13,
      text: "No vCPU in the mask is still inside of an instruction that it was inside of when the call began, the host's part of it included.",
      source:
        "CVE-2022-39189; Linux commit 6cd88243c7e0 (KVM: x86: do not report a vCPU as preempted outside instruction boundaries)",
    },
    {
      n: 14,
      text: "With FEATURE_REMOTE_FLUSH it does not wait for a vCPU whose processor was taken away.",
      source: "Linux arch/x86/kernel/kvm.c kvm_flush_tlb_multi; Hyper-V TLFS HvCallFlushVirtualAddressList",
    },
  ],
  deviations: [
    "A vCPU that is not running may be flushed later, before its next guest instruction.",
    "More than the range may be flushed.",
  ],
  decisions: [
    {
      conflict:
        "Hyper-V flushes an address space on a set of processors, Xen a set of vCPUs, KVM those that are not marked preempted, VMI by interrupt.",
      choice:
        "A set of vCPUs, a range and whether tables were freed: what each system needs can be derived, and more than asked may be flushed.",
    },
    {
      conflict:
        "An empty processor mask means nobody in the TLFS and for two of its hosts; a third takes it for everybody.",
      choice: "Nobody, and the guest half never sends it on.",
    },
    {
      conflict:
        "Hosts of Hyper-V's interface answer one and the same bad input with three different statuses, and the TLFS leaves the order of the checks open.",
      choice:
        "One small enum of errors, arguments are checked before anything is done, and after an error nothing has happened; a backend may always fall back to interrupts instead.",
    },
  ],
  sources: [
    "Linux pv_ops mmu.flush_tlb_multi",
    "Xen MMUEXT_TLB_FLUSH_MULTI",
    "Hyper-V HvFlushVirtualAddressList",
    "KVM PV_TLB_FLUSH",
  ],
  native: true,
});
