import { coreEverywhere, op } from "../schema.ts";

export const initVersion = op({
  id: "init.version",
  summary: "Version of the Paravirt Interface that the guest half speaks.",
  params: [],
  result: "i32",
  resultDoc: "major << 16 | minor",
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "The result holds the major number in bits 31:16, which is the kernel's own, and the minor number in bits 15:0.",
      source: "VMI api_version; Xen xen_version",
    },
    {
      n: 2,
      text: "Every call on every vCPU returns the same version until the guest migrates or starts another kernel.",
      source: "VMI draft of 13 March 2006, api version; Xen xen_version(XENVER_version)",
    },
  ],
  deviations: [],
  sources: ["VMI draft of 13 March 2006"],
  native: true,
});

export const initFeatures = op({
  id: "init.features",
  summary: "One of three bitmaps: what is offered, what is recommended, what is allowed.",
  params: [{ name: "which", type: "i32", doc: "0 features, 1 hints, 2 privileges" }],
  result: "i64",
  resultDoc: "bitmap of FEATURE_*, HINT_* or PRIVILEGE_*",
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "Bits that this version of the interface does not define are zero in all three bitmaps.",
      source: "decided here: docs/rules.md",
    },
    { n: 2, text: "A selector other than 0, 1 and 2 returns 0.", source: "decided here: docs/rules.md" },
    {
      n: 3,
      text: "Features are the same on every vCPU.",
      source: "Intel SDM vol. 2 CPUID; Linux Documentation/virt/kvm/x86/cpuid.rst",
    },
    {
      n: 4,
      text: "A feature whose bit the user's mask clears when the op is called is not reported.",
      source: "A. Vargas, LKML Aug 2006 (user may forbid features)",
    },
    {
      n: 5,
      text: "After a call that reported a feature as absent, the ops of that feature behave natively on this vCPU (rule G8).",
      source: "rule G8; VMI draft of 2006, relocation type NONE keeps the native instruction",
    },
    {
      n: 6,
      text: "A feature that the manifests of both halves declare is reported unless the user forbids it.",
      source: "decided here; Linux Documentation/virt/kvm/x86/cpuid.rst: what is there has its bit",
    },
  ],
  deviations: ["A half may read the user's mask only inside this op."],
  decisions: [
    {
      conflict:
        "KVM refuses a hypercall whose recommendation bit is clear, Xen's Hyper-V interface accepts it, the TLFS says that such bits only recommend; Xen and VMI have no hints.",
      choice:
        "Three bitmaps that are never derived from each other: a feature may be used, a hint says whether that pays, a privilege says whether this guest is allowed to.",
    },
    {
      conflict:
        "KVM serves what its feature leaf does not offer unless the VMM asks it to enforce the leaf; Hyper-V and the TLFS raise an exception or answer ACCESS_DENIED.",
      choice:
        "What is not offered is refused so that the guest can tell (rule G8): a guest that works by accident on one host would break on the next.",
    },
  ],
  sources: ["KVM leaf 0x40000001 EAX and EDX", "Hyper-V leaves 3 to 5"],
  native: true,
});

const nowhere = { native: "none", enlightened: "optional", shadow: "none", direct: "none" } as const;
const optionalEverywhere = {
  native: "optional",
  enlightened: "optional",
  shadow: "optional",
  direct: "optional",
} as const;

export const initDetect = op({
  id: "init.detect",
  summary: "Looks whether the hypervisor is there that the guest half is made for.",
  params: [],
  result: "i32",
  resultDoc: "1 it is there, 0 it is not: every op is then native",
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "Without the hypervisor bit, CPUID leaf 1 ECX bit 31, the result is 0 in profiles native and enlightened.",
      source: "Linux Documentation/virt/kvm/x86/cpuid.rst; Hyper-V TLFS, feature discovery",
    },
    {
      n: 2,
      text: "Looking raises no fault and leaves interrupt state and memory of the halves as they were.",
      source: "Linux arch/x86/kernel/cpu/hypervisor.c: every detector runs on every machine",
    },
    { n: 3, text: "The answer is the same on every vCPU and at every call.", source: "rule G5" },
    {
      n: 4,
      text: "With answer 0 init.features reports nothing but FEATURE_CLOCK_STABLE.",
      source: "rule G8",
    },
  ],
  deviations: [],
  sources: ["KVM, Hyper-V, VMware, ACRN and Xen HVM signature leaves", "VMI ROM scan", "Xen PV start_info"],
  native: true,
});

export const initRelocate = op({
  id: "init.relocate",
  summary: "Tells how a call of an op may be patched at its call site.",
  params: [{ name: "op", type: "i32", doc: "number of the op in this version's table" }],
  result: "i64",
  resultDoc: "bits 7:0 RELOCATE_NONE, _CALL, _JUMP or _NOP; for the middle two bits 63:8 are the target, shifted by 8",
  tiers: optionalEverywhere,
  clauses: [
    {
      n: 1,
      text: "It is pure: the same number gives the same answer at every call and on every vCPU.",
      source: "VMI draft of 2006, get_reloc",
    },
    {
      n: 2,
      text: "A number beyond the table gives RELOCATE_NONE.",
      source: "VMI draft of 2006: a call the ROM does not have keeps its native instruction",
    },
  ],
  deviations: [],
  sources: ["VMI get_reloc", "Linux pv_ops patching"],
  native: true,
});

export const initRevokeAll = op({
  id: "init.revoke_all",
  summary: "Ends every arrangement of this vCPU with the host, so that another kernel may take over its memory.",
  params: [],
  result: "void",
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "After it has returned on every vCPU, the boot vCPU included, the host writes to no area of the guest any more (rule G11).",
      source:
        "rule G11; Linux commits c02027b5742b, 3d6b84132d2a and 8b79feffeca2 (areas that live on into the next kernel)",
    },
    {
      n: 2,
      text: "Alarms of this vCPU do not expire any more.",
      source: "Hyper-V TLFS, STIMER; Linux arch/x86/kernel/kvm.c kvm_guest_cpu_offline",
    },
    {
      n: 3,
      text: "From then on init.features reports nothing that needs an area, and the ops behave natively.",
      source: "rule G8",
    },
    {
      n: 4,
      text: "A further call has no effect.",
      source: "Linux arch/x86/kernel/kvm.c: shutdown and crash both call it",
    },
  ],
  deviations: [],
  decisions: [
    {
      conflict:
        "KVM and VMware revoke by MSR on each CPU, Xen by one reset for all, Hyper-V partly per CPU and partly for the partition.",
      choice: "Per vCPU: whoever ends the last one also ends what belongs to the guest as a whole.",
    },
  ],
  sources: ["Linux kvm_guest_cpu_offline", "Linux hyperv_cleanup", "Xen EVTCHNOP_reset and SHUTDOWN_soft_reset"],
  native: true,
});

export const initIdentifyGuest = op({
  id: "init.identify_guest",
  summary: "Announces the kernel to the host before the first call.",
  params: [{ name: "identity", type: "i64", doc: "not 0; 0 withdraws it" }],
  result: "i32",
  resultDoc: "0 or E_INVAL",
  fallible: true,
  tiers: { ...nowhere, shadow: "optional" },
  clauses: [
    {
      n: 1,
      text: "An identity other than 0 is accepted, also a second time.",
      source: "Hyper-V TLFS, HV_X64_MSR_GUEST_OS_ID; VMI_Init",
    },
  ],
  deviations: [],
  sources: ["Hyper-V GUEST_OS_ID", "VMI_Init"],
  native: false,
});

export const initAssists = op({
  id: "init.assists",
  summary: "Asks the host to emulate or to change a behaviour.",
  params: [
    { name: "kind", type: "i32", doc: "number of the assist" },
    { name: "on", type: "i32", doc: "1 on, 0 off" },
  ],
  result: "i32",
  resultDoc: "0, E_NOSYS for an assist that the host does not have",
  fallible: true,
  tiers: { ...nowhere, direct: "optional" },
  clauses: [{ n: 1, text: "An assist that no version defines gives E_NOSYS.", source: "Xen HYPERVISOR_vm_assist" }],
  deviations: [],
  sources: ["Xen vm_assist"],
  native: false,
});

export const initHypercallEntry = op({
  id: "init.hypercall_entry",
  summary: "Gives the address of code that enters the host half and returns.",
  params: [],
  result: "i64",
  resultDoc: "va, or 0 when there is no hypervisor to enter",
  tiers: { native: "none", enlightened: "core", shadow: "none", direct: "core" },
  clauses: [
    {
      n: 1,
      text: "Executing the code at the address enters the host and comes back without a fault, on every vCPU.",
      source: "Hyper-V TLFS, hypercall page; Linux Documentation/virt/kvm/x86/hypercalls.rst",
    },
    {
      n: 2,
      text: "Every call gives the same address.",
      source: "Hyper-V TLFS, hypercall page: one for the guest",
    },
    {
      n: 3,
      text: "Code at user privilege cannot enter the host: it takes an exception or gets a negative answer, and nothing is done.",
      source:
        "CVE-2009-3290 (KVM served hypercalls of user code); Linux arch/x86/kvm/x86.c: -KVM_EPERM; Hyper-V TLFS: #UD unless CPL is 0",
    },
  ],
  deviations: ["On KVM, which has no page, the instruction is chosen by the guest half and lies in its own text."],
  sources: ["Hyper-V MSR 0x40000001", "Xen hypercall page", "KVM VMCALL and VMMCALL", "VMI jump table"],
  native: false,
});
