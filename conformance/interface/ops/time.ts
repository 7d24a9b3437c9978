import { coreEverywhere, op } from "../schema.ts";

export const timeSchedClock = op({
  id: "time.sched_clock",
  summary: "Nanoseconds of real time, for measuring intervals.",
  params: [],
  result: "i64",
  resultDoc: "u64 nanoseconds since an unspecified origin",
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "Readings on one vCPU never decrease.",
      source: "Linux commit 1d5f066e0b63 (KVM clock went backwards)",
    },
    {
      n: 2,
      text: "The difference of two readings is the real time between them in ns, within 2 ns and one part in 2^30.",
      source: "Linux arch/x86/include/asm/pvclock.h; the multiplier has 32 bits",
    },
    {
      n: 3,
      text: "Over an hour and more the product does not overflow.",
      source: "Linux arch/x86/include/asm/pvclock.h pvclock_scale_delta (96-bit product)",
    },
    {
      n: 4,
      text: "No reading mixes two publications of the clock's parameters.",
      source: "rule G12; Linux Documentation/virt/kvm/x86/msr.rst (version)",
    },
    {
      n: 5,
      text: "If FEATURE_CLOCK_STABLE is reported, a reading is never smaller than one that finished earlier on another vCPU.",
      source: "Linux commit d828199e8444 (PVCLOCK_TSC_STABLE_BIT)",
    },
    { n: 6, text: "Time goes on while the vCPU sleeps or is preempted.", source: "Linux sched_clock; Xen system_time" },
    {
      n: 7,
      text: "Called from an interrupt or NMI handler it returns, and the interrupted reading is still correct (rule G4).",
      source: "rule G4",
    },
    {
      n: 8,
      text: "The counter is not read before earlier loads of the caller are done: what the caller has seen before the call came before the reading.",
      source: "Linux arch/x86/include/asm/msr.h rdtsc_ordered; Intel SDM vol. 2, RDTSC",
    },
    {
      n: 9,
      text: "When the guest is moved to a machine with another counter, amid a reading too, readings do not decrease and go on at the rate of real time.",
      source: "Linux Documentation/virt/kvm/x86/timekeeping.rst (migration); arch/x86/kvm/x86.c kvm_guest_time_update",
    },
  ],
  deviations: ["Origin and resolution are the backend's."],
  decisions: [
    {
      conflict: "Xen and KVM publish rate and offset per vCPU, Hyper-V one page for all, VMI answers a call.",
      choice: "One number in ns; what is published stays between the two halves, guarded by a version (rule G12).",
    },
    {
      conflict:
        "Hyper-V hosts derive the scale of the reference page in three ways, which drift by up to 4 ms a day against each other.",
      choice: "The error is bounded instead: one part in 2^30 against real time, over hours.",
    },
  ],
  sources: ["Linux sched_clock", "KVM and Xen pvclock", "Hyper-V reference TSC page"],
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
    {
      n: 1,
      text: "On the vCPU itself the result includes all time stolen from it since boot.",
      source: "Linux Documentation/virt/kvm/x86/msr.rst MSR_KVM_STEAL_TIME",
    },
    {
      n: 2,
      text: "Time in which the vCPU slept by its own will is not counted.",
      source: "Linux Documentation/virt/kvm/x86/msr.rst: idle time is not reported as steal",
    },
    {
      n: 3,
      text: "Readings about one vCPU never decrease, whoever reads.",
      source: "Linux pv_steal_clock; Xen runstate",
    },
    {
      n: 4,
      text: "The op reports about the vCPU that was asked for, not about the caller.",
      source: "Linux pv_steal_clock(cpu)",
    },
    {
      n: 5,
      text: "An index that does not exist gives 0 and has no effect.",
      source: "rule G9; decided here: docs/rules.md",
    },
    {
      n: 6,
      text: "Over any span the result grows by at most the real time of that span, also when the guest is moved meanwhile.",
      source: "Linux kernel/sched/cputime.c account_steal_time: a negative difference would be a huge unsigned one",
    },
  ],
  deviations: [
    "About another vCPU the result may lag until that vCPU runs again.",
    "Without a hypervisor nothing is stolen: the result is 0.",
    "Under full virtualisation the kernel does not know of its hypervisor and cannot be told: the result is 0.",
  ],
  sources: ["Linux pv_steal_clock", "KVM MSR_KVM_STEAL_TIME", "Xen runstate", "VMI stolen time"],
  native: true,
});
