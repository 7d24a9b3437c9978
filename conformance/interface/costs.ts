/**
 * Scenarios whose costs are counted, and the transitions that published guest halves need for them. A transition is one switch
 * from the guest to the hypervisor and back.
 */

/** Transitions by backend: counted from the source of the published guest half. */
export interface Published {
  native: number;
  kvm: number;
}

export interface Scope {
  /** What is done between the two counts. */
  title: string;
  published: Published;
  /** Why a reference build's count is another one. */
  differs?: Partial<Record<keyof Published, string>>;
}

export interface Scenario {
  /** Kebab case; the kernel's function is `cost_` and the id with underscores. */
  id: string;
  title: string;
  ops: string[];
  roles: string[];
  /** By the number that the kernel counts under. */
  scopes: Scope[];
  source: string;
}

const haltStays =
  "Once HLT has left guest mode this model lets it execute there, so the interrupt that ends the sleep is an exit of its own: KVM has such a vCPU out of guest mode already.";
const interruptExits =
  "Each interrupt takes the vCPU that it is for out of guest mode once, where KVM injects it together with the PV EOI bit: that exit, which the published column leaves out, spares the one of its EOI.";
const nothing: Published = { native: 0, kvm: 0 };
/** One hypercall for each window of 128 APIC ids: the suite's vCPUs 1, 2 and 3 have the ids 128, 0 and 5. */
const ipi = (k: number): Scope => ({
  title: `to ${k} of 4 vCPUs`,
  published: { native: 0, kvm: k > 1 ? 2 : 1 },
  differs: { kvm: interruptExits },
});
const flush = (pages: number, vcpus: number): Scope => ({
  title: `${pages} ${pages === 1 ? "page" : "pages"} on ${vcpus} other ${vcpus === 1 ? "vCPU" : "vCPUs"}`,
  published: nothing,
  differs: { kvm: interruptExits },
});

export const scenarios: readonly Scenario[] = [
  {
    id: "irq-toggle",
    title: "Interrupts off and on again",
    ops: ["irq.disable", "irq.enable"],
    roles: ["vCPU"],
    scopes: [{ title: "nothing pending", published: nothing }],
    source: "Linux 7.0 arch/x86/include/asm/irqflags.h: CLI and STI",
  },
  {
    id: "context-switch",
    title: "Another address space",
    ops: ["mmu.write_cr3"],
    roles: ["vCPU"],
    scopes: [
      { title: "load of a root that was used before", published: nothing },
      { title: "first use of one page under it", published: nothing },
    ],
    source:
      "Linux 7.0 arch/x86/include/asm/special_insns.h native_write_cr3; with nested paging KVM leaves CR3 to the guest",
  },
  {
    id: "map-page",
    title: "A page is mapped, used and unmapped",
    ops: ["mmu.set_pte", "mmu.flush_tlb_one"],
    roles: ["vCPU"],
    scopes: [
      { title: "one entry written", published: nothing },
      { title: "first use", published: nothing },
      { title: "entry cleared and flushed", published: nothing },
    ],
    source: "Linux 7.0 arch/x86/include/asm/pgtable_64.h native_set_pte, arch/x86/mm/tlb.c: INVLPG",
  },
  {
    id: "flush-remote",
    title: "Remote flush",
    ops: ["mmu.flush_tlb_multi"],
    roles: ["flusher"],
    scopes: [flush(1, 1), flush(8, 1), flush(1, 3), flush(8, 3), flush(32, 3)],
    source: "Linux 7.0 arch/x86/mm/tlb.c and arch/x86/kernel/kvm.c kvm_flush_tlb_multi: interrupts to targets that run",
  },
  {
    id: "ipi-fan-out",
    title: "Interrupt to other vCPUs, until all have handled it",
    ops: ["ipi.send_mask"],
    roles: ["sender"],
    scopes: [ipi(1), ipi(2), ipi(3)],
    source:
      "Linux 7.0 arch/x86/kernel/kvm.c __send_ipi_mask: one hypercall for 128 neighbouring APIC ids; natively ICR writes",
  },
  {
    id: "clock-read",
    title: "Clock read",
    ops: ["time.sched_clock"],
    roles: ["vCPU"],
    scopes: [{ title: "one reading", published: nothing }],
    source: "Linux 7.0 arch/x86/kernel/pvclock.c; arch/x86/kernel/tsc.c",
  },
  {
    id: "timer",
    title: "One-shot timer",
    ops: ["time.alarm_set", "irq.safe_halt"],
    roles: ["vCPU"],
    scopes: [
      { title: "armed by the TSC deadline", published: { native: 0, kvm: 1 } },
      {
        title: "slept through until its handler has run",
        published: { native: 0, kvm: 1 },
        differs: {
          kvm: "Beside the HLT exit, the timer's interrupt and the self-IPI by which its handler raises the kernel's vector each take the vCPU out of guest mode, and the handler writes IA32_TSC_DEADLINE again for what is armed next.",
        },
      },
    ],
    source: "Linux 7.0 arch/x86/kernel/apic/apic.c lapic_next_deadline; arch/x86/kvm/lapic.c",
  },
  {
    id: "idle",
    title: "Idle until a device interrupts",
    ops: ["irq.disable", "irq.safe_halt"],
    roles: ["vCPU"],
    scopes: [{ title: "sleep, wake-up and handler", published: { native: 0, kvm: 1 }, differs: { kvm: haltStays } }],
    source: "Linux 7.0 arch/x86/kernel/process.c default_idle: STI, HLT; KVM intercepts HLT",
  },
  {
    id: "contended-lock",
    title: "A lock that is held",
    ops: ["lock.wait", "lock.kick"],
    roles: ["waiter", "owner"],
    scopes: [
      {
        title: "one waits until the other releases and kicks",
        published: { native: 0, kvm: 2 },
        differs: {
          kvm: "The HLT exit is answered by letting HLT execute in guest mode: the kick that ends it is an exit, and so is the HLT that then finds the kick.",
        },
      },
    ],
    source: "Linux 7.0 arch/x86/kernel/kvm.c kvm_wait (HLT) and kvm_kick_cpu (hypercall 5); natively a spin",
  },
];
