/**
 * Hostile variants of reference halves. A hostile host does what the published ABI allows and no friendly host does; a hostile
 * guest passes pointers, ids and counts that no sane guest would. Each is a module in PEER/NAME.ts around the reference half.
 */

export interface Variant {
  name: string;
  peer: string;
  half: "guest" | "host";
  title: string;
  /** What in the published ABI makes it legal, with source. */
  freedom: string;
  /** Ops it is hostile about: cases that claim one of their clauses are run with it. */
  ops: string[];
}

const locks = ["lock.wait", "lock.kick"];
const clock = ["time.sched_clock"];

const kvmHosts: Omit<Variant, "peer" | "half">[] = [
  {
    name: "spurious-wakeups",
    title: "Every other HLT ends without a reason",
    freedom:
      "A kick stays until some HLT consumes it, so a HLT may end for a wait that is long over: Linux arch/x86/kvm/x86.c pv_unhalted; arch/x86/kernel/kvm.c kvm_wait, whose caller looks again.",
    ops: [...locks, "irq.safe_halt"],
  },
  {
    name: "late-interrupts",
    title: "Interrupts sent by hypercall come late, merged and uncounted",
    freedom:
      "KVM_HC_SEND_IPI returns how many were delivered, which may be none yet: Linux Documentation/virt/kvm/x86/hypercalls.rst. IRR holds one bit per vector: Intel SDM vol. 3, interrupt acceptance for fixed interrupts.",
    ops: ["ipi.send_mask"],
  },
  {
    name: "clobbers",
    title: "Junk in reserved outputs, unknown feature bits and padding",
    freedom:
      "Linux arch/x86/include/uapi/asm/kvm_para.h: kvm_steal_time and pvclock_vcpu_time_info end in padding; Documentation/virt/kvm/x86/cpuid.rst defines EAX and EDX of leaf 0x40000001 alone, and more bits over time.",
    ops: ["init.features", "mmu.flush_tlb_multi", "time.steal_clock", ...clock],
  },
  {
    name: "odd-windows",
    title: "Clocks stay under an odd version for long",
    freedom:
      "Linux Documentation/virt/kvm/x86/msr.rst, MSR_KVM_SYSTEM_TIME_NEW: an odd version means an update is in progress; nothing bounds how long.",
    ops: clock,
  },
  {
    name: "changing-scale",
    title: "Multiplier and shift change whenever a vCPU runs again",
    freedom:
      "Linux Documentation/virt/kvm/x86/msr.rst, MSR_KVM_SYSTEM_TIME_NEW: tsc_to_system_mul and tsc_shift are among what may change under the version.",
    ops: clock,
  },
  {
    name: "no-features",
    title: "The signature is there, features are not",
    freedom: "Linux Documentation/virt/kvm/x86/cpuid.rst: every feature has a bit that a guest must check before use.",
    ops: ["init.features", "ipi.send_mask", "mmu.flush_tlb_multi", ...clock, ...locks],
  },
];

/** Whatever a guest passes is possible: the host half must stand it (Linux Documentation/virt/kvm/x86/hypercalls.rst). */
const kvmGuests: Omit<Variant, "peer" | "half">[] = [
  {
    name: "bad-areas",
    title: "Time and steal areas outside of the guest's memory",
    freedom: "A guest may write any value to an MSR: CVE-2013-1796, CVE-2013-1797 (kvmclock area unchecked).",
    ops: ["msr.write"],
  },
  {
    name: "bad-hypercalls",
    title: "Unknown hypercalls, ids of nobody, windows that overflow",
    freedom:
      "A guest may call with any registers: Linux commit bdf7ffc89922 (PV IPI out of bounds), Documentation/virt/kvm/x86/hypercalls.rst on unknown numbers.",
    ops: ["lock.kick"],
  },
  {
    name: "rewritten-areas",
    title: "The steal area is rewritten while the host updates it",
    freedom:
      "Shared memory is the guest's to write at any time: CVE-2019-3016; Linux arch/x86/kvm/x86.c record_steal_time.",
    ops: ["time.sched_clock"],
  },
  {
    name: "published-answers",
    title: "Every legal call that the reference guest half leaves out",
    freedom:
      "A guest may read its registers back, move areas, use all of a window and the NMI mode of an IPI: Linux Documentation/virt/kvm/x86/{hypercalls,msr,cpuid}.rst.",
    ops: ["msr.read"],
  },
];

const of =
  (half: "guest" | "host") =>
  (variant: Omit<Variant, "peer" | "half">): Variant => ({
    ...variant,
    peer: "kvm",
    half,
  });

export const variants: readonly Variant[] = [...kvmHosts.map(of("host")), ...kvmGuests.map(of("guest"))];
