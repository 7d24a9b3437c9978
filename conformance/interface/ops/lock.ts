import { coreEverywhere, op } from "../schema.ts";

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
  ],
  deviations: ["It may return at any time without a reason (spurious wake-up)."],
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
  ],
  deviations: [],
  sources: ["Linux pv_ops_lock.kick", "KVM hypercall 5", "Xen EVTCHNOP_send"],
  native: true,
});
