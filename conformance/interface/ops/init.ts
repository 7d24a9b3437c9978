import { coreEverywhere, op } from "../schema.ts";

export const initVersion = op({
  id: "init.version",
  summary: "Version of the Paravirt Interface that the guest half speaks.",
  params: [],
  result: "i32",
  resultDoc: "major << 16 | minor",
  tiers: coreEverywhere,
  clauses: [
    { n: 1, text: "The result holds the major number in bits 31:16, which is the kernel's own, and the minor number in bits 15:0.", source: "VMI api_version; Xen xen_version" },
    { n: 2, text: "Every call on every vCPU returns the same version until the guest migrates or starts another kernel.", source: "domain §1.1 init.version" },
  ],
  deviations: [],
  sources: ["domain §1.1"],
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
    { n: 1, text: "Bits that this version of the interface does not define are zero in all three bitmaps.", source: "domain §5.3 conflict 10" },
    { n: 2, text: "A selector other than 0, 1 and 2 returns 0.", source: "this interface" },
    { n: 3, text: "Features are the same on every vCPU.", source: "domain §1.1; Intel SDM CPUID" },
    { n: 4, text: "A feature whose bit the user's mask clears when the op is called is not reported.", source: "A. Vargas, LKML Aug 2006 (user may forbid features)" },
    { n: 5, text: "After a call that reported a feature as absent, the ops of that feature behave natively on this vCPU (rule G8).", source: "domain §1.0 G8; VMI relocation NONE" },
  ],
  deviations: ["A half may read the user's mask only inside this op."],
  sources: ["KVM leaf 0x40000001 EAX and EDX", "Hyper-V leaves 3 to 5"],
  native: true,
});
