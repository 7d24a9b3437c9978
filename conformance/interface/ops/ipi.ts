import { coreEverywhere, op } from "../schema.ts";

export const ipiSendMask = op({
  id: "ipi.send_mask",
  summary: "Sends an interrupt vector to a set of vCPUs.",
  params: [
    {
      name: "mask_va",
      type: "i64",
      doc: "va of u64[4], bit i of word i / 64 names vCPU index i; 8-aligned, in one page",
    },
    { name: "vector", type: "i32", doc: "16 to 255" },
  ],
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
  ],
  deviations: ["Several sends of one vector may be delivered as one."],
  sources: [
    "Linux struct apic send_IPI_mask",
    "KVM hypercall 10",
    "Hyper-V HvSendSyntheticClusterIpi",
    "Xen EVTCHNOP_send",
  ],
  native: true,
});
