import { coreEverywhere, op, optionalEverywhere } from "../schema.ts";

const vcpu = { name: "vcpu", type: "i32", doc: "vCPU index" } as const;

export const smpSetInitialApState = op({
  id: "smp.set_initial_ap_state",
  summary: "Says with which registers a vCPU that is down will start.",
  params: [vcpu, { name: "state_va", type: "i64", doc: "va of an AP state (AP_* offsets); 8-aligned, in one page" }],
  result: "i32",
  resultDoc: "0 or a negative error",
  fallible: true,
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "A state that no vCPU can start with is refused with E_INVAL: an address that is not canonical, reserved bits in CR0, CR3, CR4 or EFER, or protection, paging, PAE or long mode off.",
      source: "VMI draft of 13 March 2006, SetInitialAPState: an invalid state leaves the AP down; XSA-296",
    },
    {
      n: 2,
      text: "After a refusal the target is as it was: without a state it cannot be started.",
      source: "VMI draft of 13 March 2006, SetInitialAPState; Xen VCPUOP_up of an uninitialised vCPU",
    },
    {
      n: 3,
      text: "An index that does not exist is refused with E_INVAL, a vCPU that is up or has a state already with E_BUSY.",
      source: "Xen VCPUOP_initialise (-EEXIST); Hyper-V TLFS HvCallStartVirtualProcessor (INVALID_VP_STATE)",
    },
    {
      n: 4,
      text: "The state is read during the call: what is stored there later has no effect.",
      source: "rule G9 (read once); Xen VCPUOP_initialise copies vcpu_guest_context",
    },
    {
      n: 5,
      text: "Of several vCPUs that set the state of one target at once exactly one succeeds.",
      source: "Xen VCPUOP_initialise under the domain lock; XSA-296",
    },
    {
      n: 6,
      text: "An address that is not 8-aligned, or from which the state would cross a page, is refused with E_INVAL.",
      source: "rule G9; Hyper-V TLFS, alignment of hypercall input",
    },
    {
      n: 7,
      text: "Descriptor tables at canonical addresses where nothing is mapped are refused with E_INVAL, or accepted and not touched before the target uses a descriptor.",
      source:
        "Xen VCPUOP_initialise checks the frames of a GDT; Intel SDM vol. 2 LGDT and LIDT: no access to the table that is named",
    },
  ],
  deviations: ["The boot vCPU may be refused as a target with E_PERM."],
  decisions: [
    {
      conflict: "Xen, Hyper-V and VMI take a full register image, bare metal an INIT-SIPI sequence into real mode.",
      choice: "A full image of a 64-bit kernel; a native backend brings its own trampoline.",
    },
    {
      conflict:
        "A second state for one vCPU is -EEXIST in Xen, INVALID_VP_STATE in Hyper-V, and replaces the first in VMI.",
      choice: "E_BUSY: who wants another state takes the vCPU down first, which discards the one it had.",
    },
  ],
  sources: [
    "VMI SetInitialAPState",
    "Xen VCPUOP_initialise",
    "Hyper-V HvCallStartVirtualProcessor",
    "Intel SDM MP initialisation",
  ],
  native: true,
});

export const smpCpuUp = op({
  id: "smp.cpu_up",
  summary: "Starts a vCPU with its initial state.",
  params: [vcpu],
  result: "i32",
  resultDoc: "0 or a negative error",
  fallible: true,
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "The target begins at the state's RIP with its RSP, its argument in RDI, its control registers, EFER, descriptor tables, FS and GS bases.",
      source: "VMI SetInitialAPState; Hyper-V TLFS, initial VP context; Xen vcpu_guest_context",
    },
    {
      n: 2,
      text: "It begins with interrupts disabled, and without pending interrupts, an armed timer or translations of its life before.",
      source: "Xen VCPUOP_initialise: events masked; Intel SDM vol. 3, state after INIT",
    },
    {
      n: 3,
      text: "An index that does not exist and a vCPU without a state are refused with E_INVAL, one that is up with E_BUSY.",
      source: "Xen VCPUOP_up (-EINVAL); Hyper-V TLFS HvCallStartVirtualProcessor (INVALID_VP_STATE)",
    },
    {
      n: 4,
      text: "Of several vCPUs that start one target at once exactly one succeeds, and it starts once.",
      source: "Xen VCPUOP_up; Intel SDM vol. 3, a second SIPI is ignored",
    },
    {
      n: 5,
      text: "Stores made before the call are visible to the target.",
      source: "Intel SDM vol. 3, x2APIC: WRMSR to the ICR is not serialising",
    },
    {
      n: 6,
      text: "A start is not lost when it meets the target on its way down or into a halt.",
      source: "Linux commit 66450a21f996 (KVM: INIT and SIPI racing with HLT)",
    },
  ],
  deviations: ["It may return before the target has executed an instruction."],
  decisions: [
    {
      conflict: "Xen's up of a vCPU that is up returns 0 and does nothing, Hyper-V's is an error.",
      choice: "E_BUSY: of two starters at most one may believe that it started the target.",
    },
  ],
  sources: ["Xen VCPUOP_up", "Hyper-V HvCallStartVirtualProcessor", "Intel SDM INIT and SIPI"],
  native: true,
});

export const smpCpuDown = op({
  id: "smp.cpu_down",
  summary: "Takes a vCPU out of service.",
  params: [{ ...vcpu, doc: "vCPU index; another vCPU than the caller must not be inside an op" }],
  result: "i32",
  resultDoc: "0 or a negative error; for the calling vCPU it returns only with an error",
  fallible: true,
  tiers: optionalEverywhere,
  clauses: [
    {
      n: 1,
      text: "For the calling vCPU the call does not return, and the vCPU executes nothing more until it is started again.",
      source: "Xen VCPUOP_down; Linux native_play_dead",
    },
    {
      n: 2,
      text: "Another vCPU executes nothing more from when smp.is_up answers 0 for it.",
      source: "Xen VCPUOP_down and VCPUOP_is_up; Intel SDM vol. 3, INIT",
    },
    {
      n: 3,
      text: "Nobody waits for a vCPU that is down: flushes and interrupts that name it complete for the others.",
      source: "Linux cpu_online_mask in native_flush_tlb_multi; domains whose vCPUs wait for a dead one hang",
    },
    {
      n: 4,
      text: "The last vCPU that is up is refused with E_BUSY, an index that does not exist with E_INVAL; for a vCPU that is down already nothing happens and the result is 0.",
      source: "Xen VCPUOP_down (the last one powers the domain off); decided here",
    },
    {
      n: 5,
      text: "It discards the initial state: the vCPU starts again only with a new one.",
      source: "decided here: Xen would resume behind the call, Hyper-V and bare metal start anew",
    },
    {
      n: 6,
      text: "A vCPU that has left by its own call has no shared areas: the host writes nothing for it until it is started again.",
      source: "Linux arch/x86/kernel/kvm.c kvm_guest_cpu_offline; commit 3d6b84132d2a",
    },
  ],
  deviations: [
    "For another vCPU it may return before that has stopped; smp.is_up tells when.",
    "The boot vCPU may be refused with E_PERM.",
  ],
  decisions: [
    {
      conflict: "When its last vCPU goes down Xen powers the domain off; elsewhere the guest would just be dead.",
      choice: "E_BUSY: powering off is sys.shutdown's business.",
    },
    {
      conflict:
        "A vCPU that Xen brings up again resumes behind its VCPUOP_down, elsewhere it starts at its initial state.",
      choice: "It starts at a new initial state; a Xen half jumps there.",
    },
  ],
  sources: ["Xen VCPUOP_down", "Linux smp_ops.play_dead", "Linux arch/x86/kernel/kvm.c kvm_guest_cpu_offline"],
  native: true,
});

export const smpIsUp = op({
  id: "smp.is_up",
  summary: "Whether a vCPU is in service.",
  params: [vcpu],
  result: "i32",
  resultDoc: "1, 0, or E_INVAL for an index that does not exist",
  fallible: true,
  tiers: optionalEverywhere,
  clauses: [
    {
      n: 1,
      text: "The result is 1 from when smp.cpu_up has returned 0 for the vCPU (for the boot vCPU always) until it is taken down, and 0 otherwise.",
      source: "Xen VCPUOP_is_up",
    },
    { n: 2, text: "An index that does not exist gives E_INVAL.", source: "Xen VCPUOP_is_up (-ENOENT)" },
  ],
  deviations: [],
  sources: ["Xen VCPUOP_is_up"],
  native: true,
});

export const smpApicidToVp = op({
  id: "smp.apicid_to_vp",
  summary: "vCPU index of an APIC id.",
  params: [{ name: "apic_id", type: "i32", doc: "APIC id, as an unsigned word" }],
  result: "i32",
  resultDoc: "vCPU index, or E_INVAL for an id that nobody has",
  fallible: true,
  tiers: { ...optionalEverywhere, direct: "none" },
  clauses: [
    {
      n: 1,
      text: "Each vCPU's APIC id gives its index, whatever the order and the gaps of the ids.",
      source: "Hyper-V TLFS HvCallGetVpIndexFromApicId",
    },
    { n: 2, text: "An id that nobody has gives E_INVAL.", source: "Hyper-V TLFS HvCallGetVpIndexFromApicId; rule G9" },
  ],
  deviations: [],
  sources: ["Hyper-V HvCallGetVpIndexFromApicId", "Linux hv_apicid_to_vp_index"],
  native: true,
});
