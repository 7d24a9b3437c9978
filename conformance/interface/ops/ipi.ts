import { coreEverywhere, op, optionalEverywhere } from "../schema.ts";

const mask = {
  name: "mask_va",
  type: "i64",
  doc: "va of u64[4], bit i of word i / 64 names vCPU index i; 8-aligned, in one page",
} as const;

export const ipiSendMask = op({
  id: "ipi.send_mask",
  summary: "Sends an interrupt vector to a set of vCPUs.",
  params: [mask, { name: "vector", type: "i32", doc: "16 to 255" }],
  result: "i32",
  resultDoc: "0, or a negative error after which nothing was sent",
  fallible: true,
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "Every online vCPU in the mask receives the vector at least once after the call began.",
      source: "Intel SDM vol. 3, local APIC; Linux Documentation/virt/kvm/x86/hypercalls.rst KVM_HC_SEND_IPI",
    },
    {
      n: 2,
      text: "No vCPU outside the mask receives it, the calling one included.",
      source: "Linux struct apic send_IPI_mask; rule G5",
    },
    {
      n: 3,
      text: "Stores made before the call are visible to the handler on every target.",
      source: "Intel SDM vol. 3, x2APIC: WRMSR to its registers is not serialising",
    },
    {
      n: 4,
      text: "A vector below 16 or above 255 is refused with E_INVAL and nothing is sent.",
      source: "Intel SDM vol. 3, local APIC: vectors 0 to 15 are illegal",
    },
    {
      n: 5,
      text: "An empty mask and bits of vCPUs that do not exist succeed without any effect.",
      source: "Linux arch/x86/kvm/lapic.c kvm_pv_send_ipi; decided here: docs/rules.md",
    },
    {
      n: 6,
      text: "Bits are vCPU indices whatever APIC ids these have, in any order and up to 255.",
      source: "Linux commit c15e0ae42c8e (PV IPI window of sparse APIC ids)",
    },
    {
      n: 7,
      text: "The calling vCPU receives the vector when its own bit is set.",
      source: "Linux struct apic send_IPI_mask",
    },
    {
      n: 8,
      text: "A target that has interrupts disabled keeps the vector pending; the call does not wait for it.",
      source: "Intel SDM APIC IRR",
    },
    {
      n: 9,
      text: "A vCPU in the mask that is down is skipped: it stays down, nothing is pending when it starts, and the others are reached.",
      source:
        "Linux arch/x86/kvm/lapic.c kvm_pv_send_ipi; Intel SDM vol. 3, MP initialisation: only INIT and SIPI reach it",
    },
  ],
  deviations: ["Several sends of one vector may be delivered as one."],
  decisions: [
    {
      conflict:
        "KVM's hypercall lets vectors below 16 pass, Hyper-V's refuses them, the APIC notes an error and sends nothing.",
      choice: "They are refused with E_INVAL, before anything is sent.",
    },
    {
      conflict:
        "Hyper-V hosts differ about a flush or an IPI whose processor mask is empty: one takes it for everybody.",
      choice: "An empty mask is nobody, and a guest half never hands an empty set to such a host.",
    },
  ],
  sources: [
    "Linux struct apic send_IPI_mask",
    "KVM hypercall 10",
    "Hyper-V HvSendSyntheticClusterIpi",
    "Xen EVTCHNOP_send",
  ],
  native: true,
});

export const ipiSendNmi = op({
  id: "ipi.send_nmi",
  summary: "Sends a non-maskable interrupt to a set of vCPUs.",
  params: [mask],
  result: "i32",
  resultDoc: "0",
  fallible: true,
  tiers: optionalEverywhere,
  clauses: [
    {
      n: 1,
      text: "Every vCPU in the mask that is up takes an NMI, whether its interrupts are enabled or not.",
      source: "Intel SDM vol. 3, ICR delivery mode NMI; Xen VCPUOP_send_nmi",
    },
    {
      n: 2,
      text: "No other vCPU takes one, the calling one included.",
      source: "Linux struct apic send_IPI_mask; rule G5",
    },
    {
      n: 3,
      text: "NMIs that come while one is pending or being handled make one more, not several.",
      source: "Intel SDM vol. 3, handling multiple NMIs",
    },
    {
      n: 4,
      text: "Stores made before the call are visible to the handlers.",
      source: "Intel SDM vol. 3, x2APIC: WRMSR to its registers is not serialising",
    },
    {
      n: 5,
      text: "An empty mask, bits of vCPUs that do not exist and vCPUs that are down are no error and have no effect.",
      source: "Linux arch/x86/kvm/lapic.c kvm_pv_send_ipi; decided here: docs/rules.md",
    },
  ],
  deviations: [],
  sources: ["Linux NMI_VECTOR through struct apic", "KVM hypercall 10 with delivery mode NMI", "Xen VCPUOP_send_nmi"],
  native: true,
});
