/** time.migration_notice, time.clock_pairing: what ties the guest's counter to the machine that it runs on. */
import { op, optionalWithHost } from "../schema.ts";

export const timeMigrationNotice = op({
  id: "time.migration_notice",
  summary: "Whether the guest was stopped and goes on elsewhere since this vCPU last asked.",
  params: [],
  result: "i32",
  resultDoc: "1 it was, 0 it was not; E_NOSYS without FEATURE_MIGRATION_NOTICE",
  fallible: true,
  tiers: optionalWithHost,
  clauses: [
    {
      n: 1,
      text: "After a migration the first call on each vCPU gives 1.",
      source:
        "Linux Documentation/virt/kvm/x86/msr.rst (guest paused flag); arch/x86/kernel/kvmclock.c kvm_check_and_clear_guest_paused",
    },
    {
      n: 2,
      text: "A notice is given once: further calls on that vCPU give 0, whatever the host publishes meanwhile.",
      source: "Linux arch/x86/kvm/x86.c kvm_setup_guest_pvclock: GUEST_STOPPED is kept until the guest clears it",
    },
    {
      n: 3,
      text: "A call takes its own vCPU's notice and no other's.",
      source: "Linux 6.15, KVM: x86: Don't bleed PVCLOCK_GUEST_STOPPED across PV clocks",
    },
    {
      n: 4,
      text: "Neither preemption nor sleep of a vCPU is a migration.",
      source:
        "Linux Documentation/virt/kvm/api.rst KVM_KVMCLOCK_CTRL: set when the guest was stopped by the host's user",
    },
    {
      n: 5,
      text: "A call changes nothing that time.sched_clock, time.wallclock_get and time.steal_clock tell.",
      source: "Linux arch/x86/include/asm/pvclock-abi.h: the flag shares its bytes with the clock's parameters",
    },
    {
      n: 6,
      text: "Once it has given 1, time.cycle_frequency tells the frequency of the new machine's counter.",
      source: "VMI draft of 2006, GetCycleFrequency: may change by a migration",
    },
    { n: 7, text: "Without FEATURE_MIGRATION_NOTICE it gives E_NOSYS.", source: "rule G8" },
  ],
  deviations: [],
  decisions: [
    {
      conflict:
        "KVM sets a flag per vCPU that the guest clears, Hyper-V changes TscSequence and raises the reenlightenment interrupt, Xen returns from SHUTDOWN_suspend.",
      choice:
        "A question that each vCPU asks where a gap in time would mislead it (watchdogs): the time itself is right without being asked, by time.sched_clock.9.",
    },
    {
      conflict: "A host half may hide the new counter's rate by scaling it, so that there is nothing to be told.",
      choice: "Then it does not offer the op: a notice that is offered is owed after every migration.",
    },
  ],
  sources: ["KVM pvclock GUEST_STOPPED", "Hyper-V TscSequence, reenlightenment", "Xen SHUTDOWN_suspend"],
  native: false,
});

export const timeClockPairing = op({
  id: "time.clock_pairing",
  summary: "One sample of the host's wall clock together with the guest's counter.",
  params: [{ name: "out_va", type: "i64", doc: "where {i64 UTC in ns, u64 counter as RDTSC reads it} is stored" }],
  result: "i32",
  resultDoc: "0; E_NOSYS without FEATURE_CLOCK_PAIRING, E_AGAIN when the host's clock has no such sample now",
  fallible: true,
  tiers: optionalWithHost,
  clauses: [
    {
      n: 1,
      text: "The counter of the sample is not below RDTSC before the call and not above RDTSC after it.",
      source: "Linux Documentation/virt/kvm/x86/hypercalls.rst KVM_HC_CLOCK_PAIRING (tsc: guest TSC)",
    },
    {
      n: 2,
      text: "The time of the sample is the host's UTC when the counter had that value, within a microsecond.",
      source: "Linux Documentation/virt/kvm/x86/hypercalls.rst KVM_HC_CLOCK_PAIRING; drivers/ptp/ptp_kvm_x86.c",
    },
    {
      n: 3,
      text: "Without FEATURE_CLOCK_PAIRING it gives E_NOSYS and stores nothing.",
      source: "rule G8; Linux drivers/ptp/ptp_kvm_x86.c: KVM_ENOSYS means there is no such clock",
    },
  ],
  deviations: [],
  decisions: [
    {
      conflict:
        "KVM answers unsupported clock types and an unusable host clock with the same EOPNOTSUPP, and has no feature bit.",
      choice: "One kind of clock, UTC; a refusal at the call is E_AGAIN; the feature is found by a first call.",
    },
  ],
  sources: ["KVM_HC_CLOCK_PAIRING"],
  native: false,
});
