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
  ],
  deviations: ["A half may read the user's mask only inside this op."],
  sources: ["KVM leaf 0x40000001 EAX and EDX", "Hyper-V leaves 3 to 5"],
  native: true,
});
