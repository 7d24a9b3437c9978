import { coreEverywhere, op, optionalEverywhere } from "../schema.ts";

export const lockWait = op({
  id: "lock.wait",
  summary: "Gives the processor away while a lock byte still holds a value.",
  params: [
    { name: "ptr", type: "i64", doc: "va of one byte that all vCPUs share" },
    { name: "val", type: "i32", doc: "value, 0 to 255, for which waiting makes sense" },
  ],
  result: "void",
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "When the byte differs from val the call returns without sleeping.",
      source: "Linux pv_ops_lock.wait",
    },
    {
      n: 2,
      text: "Stores made before the call are visible to others before the byte is compared, so a kick that follows them is not lost.",
      source: "Linux kernel/locking/qspinlock_paravirt.h, comments on the barrier before the check",
    },
    {
      n: 3,
      text: "A kick that comes after the comparison ends the sleep.",
      source: "Linux arch/x86/hyperv/hv_spinlock.c, comment on a kick between check and idle",
    },
    {
      n: 4,
      text: "On return the interrupt-enable state is that of the call, enabled or disabled.",
      source: "Linux commit f4e61f0c9add",
    },
    {
      n: 5,
      text: "With interrupts enabled they are delivered while the call waits.",
      source: "Linux commit 8482cb16e2bc (blocking with interrupts on)",
    },
    {
      n: 6,
      text: "A handler that runs during the wait may itself wait and be kicked; the outer call returns nevertheless.",
      source: "Linux commit 168d2f464ab9; SUSE bnc#1107256 (make xen_qlock_wait nestable)",
    },
    {
      n: 7,
      text: "In an NMI handler the call returns at once, with interrupts enabled outside of it or not.",
      source: "Linux kvm_wait, xen_qlock_wait and hv_qlock_wait: each begins with in_nmi(); rule G4",
    },
    {
      n: 8,
      text: "Under the hint HINT_DEDICATED the feature FEATURE_WAIT is not reported, and waits and kicks are native.",
      source: "Linux arch/x86/kernel/kvm.c kvm_spinlock_init: KVM_HINTS_REALTIME",
    },
  ],
  deviations: ["It may return at any time without a reason (spurious wake-up)."],
  decisions: [
    {
      conflict:
        "KVM sleeps in HLT with interrupts on or off, Xen polls a masked port, Hyper-V reads GUEST_IDLE with interrupts off: whether an interrupt ends the wait differs.",
      choice:
        "Interrupts that are enabled are served; whether one of them ends the wait is free, as is every return without a reason.",
    },
    {
      conflict: "Only the kernel knows that it handles an NMI, yet all three Linux back ends have to.",
      choice: "The kernel keeps the depth in the info page (INFO_NMI_DEPTH); a half reads it there.",
    },
  ],
  sources: ["Linux pv_ops_lock.wait", "KVM PV_UNHALT", "Xen SCHEDOP_poll", "Hyper-V GUEST_IDLE"],
  native: true,
});

export const lockKick = op({
  id: "lock.kick",
  summary: "Ends a vCPU's present or next lock.wait.",
  params: [{ name: "vcpu", type: "i32", doc: "vCPU index" }],
  result: "void",
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "It is sticky: between the target's comparison and its sleep it makes that sleep return.",
      source: "Linux arch/x86/kvm/x86.c pv_unhalted; arch/x86/hyperv/hv_spinlock.c",
    },
    {
      n: 2,
      text: "A target that runs is not disturbed: no interrupt is delivered and its state does not change.",
      source: "Linux Documentation/virt/kvm/x86/hypercalls.rst KVM_HC_KICK_CPU",
    },
    {
      n: 3,
      text: "Stores made before the call are visible to the target when its wait returns.",
      source: "Linux kernel/locking/qspinlock_paravirt.h, comments on the unlock path",
    },
    {
      n: 4,
      text: "An index that does not exist has no effect.",
      source: "rule G9; Linux arch/x86/kvm/x86.c kvm_pv_kick_cpu_op",
    },
    {
      n: 5,
      text: "A target that is down stays down.",
      source:
        "Linux commit c87bd4dd43a6 (ids in KICK_CPU); KVM 6.15: pv_unhalted is cleared when a vCPU becomes runnable",
    },
  ],
  deviations: [],
  sources: ["Linux pv_ops_lock.kick", "KVM hypercall 5", "Xen EVTCHNOP_send"],
  native: true,
});

export const lockVcpuIsPreempted = op({
  id: "lock.vcpu_is_preempted",
  summary: "Whether the host has taken the processor from a vCPU: spinning for it is then useless.",
  params: [{ name: "vcpu", type: "i32", doc: "vCPU index" }],
  result: "i32",
  resultDoc: "1 or 0",
  tiers: optionalEverywhere,
  clauses: [
    {
      n: 1,
      text: "The calling vCPU is never preempted.",
      source: "Linux vcpu_is_preempted; KVM steal time, preempted",
    },
    {
      n: 2,
      text: "A vCPU that has executed an instruction since it was last descheduled is not preempted.",
      source: "Linux arch/x86/kvm/x86.c record_steal_time: the byte is taken before guest entry",
    },
    {
      n: 3,
      text: "A backend that reports FEATURE_PREEMPTED answers 1 for a vCPU that was descheduled at an instruction boundary and has not run since.",
      source: "Linux Documentation/virt/kvm/x86/msr.rst, MSR_KVM_STEAL_TIME: preempted; Xen RUNSTATE_runnable",
    },
    {
      n: 4,
      text: "An index that does not exist and a vCPU that is down are not preempted, whatever was published before.",
      source: "Linux arch/x86/kernel/kvm.c kvm_guest_cpu_offline (the steal area is given up)",
    },
  ],
  deviations: ["It is a hint: the answer may be out of date when it arrives, and 0 is always allowed."],
  sources: ["Linux pv_ops_lock.vcpu_is_preempted", "KVM steal time, byte 16", "Xen runstate"],
  native: true,
});

export const lockSpinNotify = op({
  id: "lock.spin_notify",
  summary: "Tells the host that the caller has spun for long.",
  params: [{ name: "spins", type: "i32", doc: "turns so far, as an unsigned number" }],
  result: "void",
  tiers: optionalEverywhere,
  clauses: [
    {
      n: 1,
      text: "The call returns although nobody else does anything: it is a hint and waits for nothing.",
      source: "Hyper-V TLFS HvCallNotifyLongSpinWait",
    },
    {
      n: 2,
      text: "Interrupt state stays as it is, for any number of turns, 0 and the largest included.",
      source: "Hyper-V TLFS HvCallNotifyLongSpinWait; rule G3",
    },
  ],
  deviations: ["It may do nothing."],
  decisions: [
    {
      conflict:
        "The TLFS says in one place that a recommended retry count of 0xFFFFFFFF means never to notify, in another that 0 does; KVM takes both for never.",
      choice:
        "The op may be called with any count; when to call it is the kernel's affair, and never calling is right.",
    },
  ],
  sources: ["Hyper-V TLFS HvCallNotifyLongSpinWait", "Intel SDM PAUSE"],
  native: true,
});

export const lockYieldTo = op({
  id: "lock.yield_to",
  summary: "Offers the rest of the caller's turn to another vCPU.",
  params: [{ name: "vcpu", type: "i32", doc: "vCPU index" }],
  result: "void",
  tiers: optionalEverywhere,
  clauses: [
    {
      n: 1,
      text: "The call returns whatever the target does: it never waits for it.",
      source: "Linux Documentation/virt/kvm/x86/hypercalls.rst KVM_HC_SCHED_YIELD; Xen SCHEDOP_yield",
    },
    {
      n: 2,
      text: "A target that sleeps goes on sleeping: no interrupt is delivered and no kick is left behind.",
      source: "Linux arch/x86/kvm/x86.c kvm_sched_yield",
    },
    {
      n: 3,
      text: "The caller itself, an index that does not exist and a vCPU that is down are no error and have no effect.",
      source: "Linux arch/x86/kvm/x86.c kvm_sched_yield; commit c87bd4dd43a6 (guest-supplied ids)",
    },
  ],
  deviations: ["It may do nothing, and the host may run somebody else."],
  sources: ["KVM hypercall 11", "Xen SCHEDOP_yield", "VMI draft of 13 March 2006, Pause"],
  native: true,
});
