/**
 * Hostile variants of reference halves. A hostile host does what the published ABI allows and no friendly host does; a hostile
 * guest passes pointers, ids and counts that no sane guest would. Each is a module in PEER/NAME.ts around the reference half.
 */

import { features } from "../interface/constants.ts";

export interface Variant {
  name: string;
  peer: string;
  half: "guest" | "host";
  title: string;
  /** What in the published ABI makes it legal, with source. */
  freedom: string;
  /** Ops, or single clauses, it is hostile about: cases that claim one of the clauses are run with it. */
  ops: string[];
  /** Path of the module, without extension, if it is not PEER/NAME of this folder. */
  module?: string;
  /** Path of its source, without extension, if it is not PEER/NAME of this folder, and edits of it. */
  source?: { path: string; edits: { find: string; replace: string }[] };
  /** Features that the host half of its pairing must not offer: a bitmap, decimal. */
  withheld?: string;
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
    name: "frequencies",
    title:
      "The counter has another frequency whenever a vCPU runs again, and the published pair lies in the near future",
    freedom:
      "Linux Documentation/virt/kvm/x86/timekeeping.rst: guests migrate between machines of any frequency; arch/x86/kvm/x86.c kvm_get_time_scale: shift is signed, the multiplier has 32 bits; a processor's counter may be slightly behind the one that was published.",
    ops: clock,
  },
  {
    name: "unstable-clock",
    title: "Each vCPU's clock is behind by an amount of its own, and the stable flag is never set",
    freedom:
      "Linux Documentation/virt/kvm/x86/msr.rst: bit 0 of the flags says that time is monotonic across vCPUs, CPUID bit 24 only that the flag means something.",
    ops: clock,
  },
  {
    name: "late-eoi",
    title: "An end of service by the PV EOI bit is seen when another interrupt waits for it, not before",
    freedom:
      "Linux Documentation/virt/kvm/x86/msr.rst, MSR_KVM_PV_EOI_EN: the guest has ended the service when it has cleared the bit; nothing says when the host looks.",
    ops: ["apic.eoi"],
  },
  {
    name: "dedicated",
    title: "vCPUs are said to be never preempted",
    freedom: "Linux Documentation/virt/kvm/x86/cpuid.rst, KVM_HINTS_REALTIME: a hint that comes beside any features.",
    ops: [...locks, "mmu.flush_tlb_multi"],
  },
  {
    name: "no-features",
    title: "The signature is there, features are not",
    freedom: "Linux Documentation/virt/kvm/x86/cpuid.rst: every feature has a bit that a guest must check before use.",
    ops: ["init.features", "ipi.send_mask", "mmu.flush_tlb_multi", ...clock, ...locks],
  },
];

/** @throws Error naming a feature that the interface does not define */
function bitOf(name: string): bigint {
  const bit = features.find((feature) => feature.name === name);
  if (!bit) throw new Error(`The interface defines no feature ${name}.`);
  return BigInt(bit.value);
}

/** The bits of the features named, with spaces between: a bitmap, decimal. */
function bitsOf(names: string): string {
  return String(names.split(" ").reduce((word, name) => word | bitOf(name), 0n));
}

/** The user of a host may take any one feature away: the guest half falls back, and what it promises stays. */
function without(name: string, missing: string, ops: string[]): Omit<Variant, "peer" | "half"> {
  return {
    name: `without-${name}`,
    title: `All is offered but ${missing}`,
    freedom:
      "Linux Documentation/virt/kvm/x86/cpuid.rst: every feature has a bit of its own, and whoever manages the host may clear it.",
    ops,
    module: "../backends/kvm/build/host",
    withheld: bitsOf(missing),
  };
}

const kvmMasked = [
  without("clock", "FEATURE_CLOCK", ["rule.absent_feature", "time.cycle_frequency", ...clock]),
  without("steal", "FEATURE_STEAL", ["rule.absent_feature", "init.revoke_all", "mmu.flush_tlb_multi"]),
  without("remote-flush", "FEATURE_REMOTE_FLUSH", ["rule.absent_feature", "mmu.flush_tlb_multi"]),
  without("ipi", "FEATURE_IPI", ["rule.absent_feature", "ipi.send_mask", "ipi.send_nmi"]),
  without("eoi", "FEATURE_EOI", ["rule.absent_feature", "apic.eoi", "init.detect.2"]),
  without("wait", "FEATURE_WAIT", ["rule.absent_feature", ...locks]),
  without("yield", "FEATURE_YIELD", ["rule.absent_feature", "lock.yield_to"]),
  // The watchdog cannot be looked for: it is there where the other device of that machine is.
  without("devices", "FEATURE_CRASH_REPORT FEATURE_WATCHDOG", [
    "rule.absent_feature",
    "sys.crash_report.4",
    "sys.watchdog.6",
  ]),
];

const discovery = ["init.detect", "init.hypercall_entry", "init.features"];

/** Hosts whose leaves are not where, or not what, a guest expects at first. */
const kvmLeaves: Omit<Variant, "peer" | "half">[] = [
  {
    name: "foreign-first",
    title: "Another hypervisor's interface comes first",
    freedom:
      "Linux arch/x86/kvm/cpuid.c and Documentation/virt/kvm/x86/cpuid.rst: with Hyper-V's interface at 0x40000000 KVM's begins at 0x40000100.",
    ops: discovery,
  },
  {
    name: "misspelt-first",
    title: "KVM's words in another order come first, with every feature bit set",
    freedom:
      "Linux Documentation/virt/kvm/x86/cpuid.rst: the signature is EBX, ECX, EDX in this order; whose leaves others are nobody says.",
    ops: [...discovery, "ipi.send_mask", ...locks],
  },
  {
    name: "no-last-leaf",
    title: "The last leaf is said to be 0",
    freedom: "Linux Documentation/virt/kvm/x86/cpuid.rst: old hosts set EAX to 0, which means 0x40000001.",
    ops: discovery,
  },
  {
    name: "empty-promises",
    title: "Everything is offered and everything refused",
    freedom:
      "Linux Documentation/virt/kvm/api.rst: the feature leaf is what the VMM sets with KVM_SET_CPUID2; nothing compares it with what KVM serves.",
    ops: ["rule.absent_feature", "ipi.send_mask.1", "mmu.flush_tlb_multi", "lock.yield_to", ...clock, ...locks],
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
    ops: ["msr.read", "smp.cpu_up.2"],
  },
];

/** KVM's bits in the feature leaf, by the features that they stand for: what a host shows unless it withholds one of these. */
const kvmLeaf: Record<string, string> = {
  KVM_CLOCKSOURCE2: "FEATURE_CLOCK",
  KVM_CLOCKSOURCE_STABLE: "FEATURE_CLOCK FEATURE_CLOCK_STABLE",
  KVM_STEAL_TIME: "FEATURE_STEAL",
  KVM_PV_EOI: "FEATURE_EOI",
  KVM_PV_UNHALT: "FEATURE_WAIT",
  KVM_PV_TLB_FLUSH: "FEATURE_REMOTE_FLUSH",
  KVM_PV_SEND_IPI: "FEATURE_IPI",
  KVM_PV_SCHED_YIELD: "FEATURE_YIELD",
};

/** The same questions to a host that must refuse some, and first whether its feature leaf shows what is left (Linux kvm_pv_test). */
function refusing(name: string, title: string, missing: string): Omit<Variant, "peer" | "half"> {
  const absent = missing.split(" ");
  const shown = Object.entries(kvmLeaf).filter(([, needs]) => !needs.split(" ").some((need) => absent.includes(need)));
  const leaf = shown.map(([bit]) => `abi.${bit}`).join(" | ") || "0";
  return {
    name: `answers-without-${name}`,
    title,
    freedom:
      "A guest may call what is not offered: Linux Documentation/virt/kvm/api.rst KVM_CAP_ENFORCE_PV_FEATURE_CPUID; tools/testing/selftests/kvm/x86/kvm_pv_test.c.",
    ops: ["msr.read"],
    source: {
      path: "kvm/answers-without",
      edits: [
        { find: "SHOWN: i32 = 0", replace: `SHOWN: i32 = ${leaf}` },
        { find: "WITHHELD: i64 = info.FEATURES_DEFINED", replace: `WITHHELD: i64 = ${bitsOf(missing)}` },
      ],
    },
    withheld: bitsOf(missing),
  };
}

const someFeatures =
  "FEATURE_CLOCK_STABLE FEATURE_STEAL FEATURE_REMOTE_FLUSH FEATURE_EOI FEATURE_YIELD FEATURE_CLOCK_PAIRING FEATURE_CRASH_REPORT";
const otherFeatures = "FEATURE_CLOCK FEATURE_WAIT FEATURE_IPI FEATURE_WATCHDOG";

/** FEATURE_REMOTE_FLUSH is without-remote-flush. */
const single = (missing: string) =>
  refusing(
    missing.slice("FEATURE_".length).toLowerCase().replaceAll("_", "-"),
    `Every legal call, where ${missing} alone is missing`,
    missing,
  );

const kvmRefusing = [
  refusing("some", "Every legal call, where half of the features are missing", someFeatures),
  refusing("others", "Every legal call, where the other half is missing", otherFeatures),
  refusing("all", "Every legal call, where no feature is offered", `${someFeatures} ${otherFeatures}`),
  ...`${someFeatures} ${otherFeatures}`.split(" ").map(single),
];

const of =
  (half: "guest" | "host") =>
  (variant: Omit<Variant, "peer" | "half">): Variant => ({
    ...variant,
    peer: "kvm",
    half,
  });

export const variants: readonly Variant[] = [
  ...kvmHosts.map(of("host")),
  ...kvmMasked.map(of("host")),
  ...kvmLeaves.map(of("host")),
  ...kvmGuests.map(of("guest")),
  ...kvmRefusing.map(of("guest")),
];
