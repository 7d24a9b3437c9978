import { coreEverywhere, op } from "../schema.ts";

export const timeSchedClock = op({
  id: "time.sched_clock",
  summary: "Nanoseconds of real time, for measuring intervals.",
  params: [],
  result: "i64",
  resultDoc: "u64 nanoseconds since an unspecified origin",
  tiers: coreEverywhere,
  clauses: [
    { n: 1, text: "Readings on one vCPU never decrease.", source: "domain §1.8; §3.4 T-CLK-3" },
    { n: 2, text: "The difference of two readings is the real time between them in ns, within 2 ns and one part in 2^30.", source: "domain §4.5 (truncation of the multiplier)" },
    { n: 3, text: "Over an hour and more the product does not overflow.", source: "domain §3.4 T-CLK-5 (96-bit product)" },
    { n: 4, text: "No reading mixes two publications of the clock's parameters.", source: "domain §3.4 T-CLK-1; rule G12" },
    { n: 5, text: "If FEATURE_CLOCK_STABLE is reported, a reading is never smaller than one that finished earlier on another vCPU.", source: "domain §3.4 T-CLK-3, T-CLK-4" },
    { n: 6, text: "Time goes on while the vCPU sleeps or is preempted.", source: "domain §1.8" },
    { n: 7, text: "Called from an interrupt or NMI handler it returns, and the interrupted reading is still correct (rule G4).", source: "domain §1.0 G4" },
  ],
  deviations: ["Origin and resolution are the backend's."],
  sources: ["domain §1.8", "KVM and Xen pvclock", "Hyper-V reference TSC page"],
  native: true,
});

export const timeStealClock = op({
  id: "time.steal_clock",
  summary: "Nanoseconds a vCPU was runnable and did not run.",
  params: [{ name: "vcpu", type: "i32", doc: "vCPU index; other vCPUs may be asked about" }],
  result: "i64",
  resultDoc: "u64 nanoseconds; 0 for an index that does not exist",
  tiers: coreEverywhere,
  clauses: [
    { n: 1, text: "On the vCPU itself the result includes all time stolen from it since boot.", source: "domain §3.4 T-STL-1" },
    { n: 2, text: "Time in which the vCPU slept by its own will is not counted.", source: "domain §1.8 (excludes voluntary idle)" },
    { n: 3, text: "Readings about one vCPU never decrease, whoever reads.", source: "domain §3.4 T-STL-1" },
    { n: 4, text: "The op reports about the vCPU that was asked for, not about the caller.", source: "domain §1.8 (readable for other vCPUs)" },
    { n: 5, text: "An index that does not exist gives 0 and has no effect.", source: "this interface; rule G9" },
  ],
  deviations: ["About another vCPU the result may lag until that vCPU runs again.", "Without a hypervisor nothing is stolen: the result is 0."],
  sources: ["domain §1.8", "KVM MSR_KVM_STEAL_TIME", "Xen runstate", "VMI stolen time"],
  native: true,
});
