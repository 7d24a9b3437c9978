/** time.alarm_*: an interrupt at a time. */
import { coreEverywhere, op } from "../schema.ts";

const counter = { name: "counter", type: "i32", doc: "COUNTER_REAL or COUNTER_AVAILABLE" } as const;

export const timeAlarmSet = op({
  id: "time.alarm_set",
  summary: "Arms this vCPU's alarm of a counter: an interrupt when the counter reaches a value, and again each period.",
  params: [
    { name: "at", type: "i64", doc: "u64 ns of the counter; what lies behind fires at once" },
    { name: "period", type: "i64", doc: "u64 ns between further expiries, 0 for a single one" },
    counter,
    { name: "vector", type: "i32", doc: "16 to 255" },
  ],
  result: "i32",
  resultDoc: "0, E_INVAL, or E_NOSYS for COUNTER_AVAILABLE without FEATURE_ALARM_AVAILABLE",
  fallible: true,
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "The interrupt is never delivered before the counter, as this vCPU reads it, has reached `at`.",
      source: "Xen HYPERVISOR_set_timer_op; Hyper-V TLFS, timers: a timer never expires early",
    },
    {
      n: 2,
      text: "Once the counter has reached `at` the interrupt is delivered within 100 µs in which the vCPU runs with interrupts enabled or halts.",
      source: "VMI draft of 13 March 2006, SetAlarm",
    },
    {
      n: 3,
      text: "An `at` that the counter has passed already, 0 included, expires at once.",
      source: "Linux arch/x86/kvm/lapic.c start_sw_tscdeadline; Xen VCPUOP_set_singleshot_timer",
    },
    {
      n: 4,
      text: "An `at` farther away than the counter will ever get, up to 2^64 - 1, does not expire.",
      source: "Xen common/schedule.c do_set_timer_op, comment on timeouts that wrap",
    },
    {
      n: 5,
      text: "With period 0 one call causes one interrupt.",
      source: "VMI draft of 2006, SetAlarm (one-shot)",
    },
    {
      n: 6,
      text: "A further call for the same counter replaces the alarm: the old one does not expire any more.",
      source: "VMI draft of 2006, SetAlarm; Intel SDM vol. 3, TSC-deadline mode",
    },
    {
      n: 7,
      text: "When the old expiry races with a further call, the interrupt of the new setting comes nevertheless.",
      source:
        "Linux commit 66450a21f996 and kernel/time/clockevents.c: an event lost while it is programmed stops the tick",
    },
    {
      n: 8,
      text: "The interrupt is delivered to the vCPU that made the call and to no other.",
      source: "VMI draft of 2006, SetAlarm: per vCPU; Xen VCPUOP_set_singleshot_timer",
    },
    {
      n: 9,
      text: "With a period the interrupt comes again at every `at` + n · period, counted from `at` and not from the delivery.",
      source: "VMI draft of 2006, SetAlarm (periodic)",
    },
    {
      n: 10,
      text: "Expiries that pass while the vCPU cannot take the interrupt coalesce into one.",
      source: "VMI draft of 2006, worked example on alarms and stolen time",
    },
    {
      n: 11,
      text: "A vector outside 16 to 255, or a counter that does not exist, gives E_INVAL and leaves the alarms as they were.",
      source: "Intel SDM vol. 3, local APIC: vectors 0 to 15 are reserved",
    },
    {
      n: 12,
      text: "With FEATURE_ALARM_AVAILABLE an alarm of COUNTER_AVAILABLE expires when time.sched_clock less time.steal_clock reaches `at`.",
      source: "VMI draft of 2006, worked example on alarms and stolen time",
    },
    {
      n: 13,
      text: "Without FEATURE_ALARM_AVAILABLE COUNTER_AVAILABLE gives E_NOSYS.",
      source: "rule G8",
    },
  ],
  deviations: ["How much later than `at` it comes depends on the host's timers, within clause 2."],
  decisions: [
    {
      conflict:
        "Xen takes absolute ns, Hyper-V 100 ns units, VMI counter cycles, lguest a difference; a past value is an error by the flag of Xen's header, which neither Xen nor KVM obeys.",
      choice:
        "Absolute ns of the clock that the guest reads anyhow: differences lose the time between reading and arming, and a value that has just passed must not be lost.",
    },
    {
      conflict: "Xen signals by an event channel, Hyper-V by message or vector, VMI by a wired interrupt line.",
      choice: "The vector is an argument: routing is the backend's affair, the kernel sees its own handler run.",
    },
  ],
  sources: [
    "VMI SetAlarm",
    "Xen set_timer_op, VCPUOP_set_singleshot_timer",
    "Hyper-V STIMERn",
    "APIC timer, TSC deadline",
  ],
  native: true,
});

export const timeAlarmCancel = op({
  id: "time.alarm_cancel",
  summary: "Disarms this vCPU's alarm of a counter.",
  params: [counter],
  result: "i32",
  resultDoc: "1 it was armed, 0 it was not; E_INVAL, E_NOSYS as time.alarm_set",
  fallible: true,
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "An alarm that is cancelled before it expired does not expire any more.",
      source: "VMI draft of 2006, CancelAlarm",
    },
    {
      n: 2,
      text: "The result is 1 iff an alarm of that counter was armed and had not expired for the last time.",
      source: "VMI draft of 2006, CancelAlarm",
    },
    {
      n: 3,
      text: "When the expiry races with the call, result 1 means that no interrupt comes, and 0 that it has come or is pending.",
      source: "VMI draft of 2006, CancelAlarm",
    },
    {
      n: 4,
      text: "Alarms of the other counter and of other vCPUs stay as they are.",
      source: "rule G5; VMI draft of 2006, CancelAlarm",
    },
    {
      n: 5,
      text: "A counter that does not exist gives E_INVAL, and COUNTER_AVAILABLE without its feature E_NOSYS.",
      source: "rule G8",
    },
  ],
  deviations: [],
  sources: ["VMI CancelAlarm", "Xen VCPUOP_stop_singleshot_timer"],
  native: true,
});

export const timeCycleFrequency = op({
  id: "time.cycle_frequency",
  summary: "Frequency of the counter that RDTSC reads.",
  params: [],
  result: "i64",
  resultDoc: "Hz",
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "The result is the number of counts in a second of real time, within one part in 2^30.",
      source: "VMI GetCycleFrequency; Linux arch/x86/kernel/kvmclock.c kvm_get_tsc_khz",
    },
    {
      n: 2,
      text: "It is the same on every vCPU and changes only by a migration.",
      source: "VMI draft of 2006, GetCycleFrequency",
    },
  ],
  deviations: [],
  decisions: [
    {
      conflict: "Linux and ACRN speak of kHz, VMI and Hyper-V of Hz, Xen and KVM of a multiplier and a shift.",
      choice: "Hz: a kHz value is up to 2^-21 wrong, a minute in four years.",
    },
  ],
  sources: ["VMI GetCycleFrequency", "Hyper-V MSR 0x40000022", "KVM and Xen pvclock multiplier", "CPUID 0x15"],
  native: true,
});
