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
    { n: 1, text: "When the byte differs from val the call returns without sleeping.", source: "Linux pv_ops_lock.wait; domain §3.2 T-LOCK-1" },
    { n: 2, text: "Stores made before the call are visible to others before the byte is compared, so a kick that follows them is not lost.", source: "domain §3.2 T-LOCK-2" },
    { n: 3, text: "A kick that comes after the comparison ends the sleep.", source: "domain §3.2 T-LOCK-3" },
    { n: 4, text: "On return the interrupt-enable state is that of the call, enabled or disabled.", source: "domain §3.2 T-LOCK-5; Linux f4e61f0c9add" },
    { n: 5, text: "With interrupts enabled they are delivered while the call waits.", source: "domain §3.2 T-LOCK-5" },
    { n: 6, text: "A handler that runs during the wait may itself wait and be kicked; the outer call returns nevertheless.", source: "domain §3.2 T-LOCK-4; Linux 168d2f464ab9" },
  ],
  deviations: ["It may return at any time without a reason (spurious wake-up)."],
  sources: ["domain §1.9", "KVM PV_UNHALT", "Xen SCHEDOP_poll", "Hyper-V GUEST_IDLE"],
  native: true,
});

export const lockKick = op({
  id: "lock.kick",
  summary: "Ends a vCPU's present or next lock.wait.",
  params: [{ name: "vcpu", type: "i32", doc: "vCPU index" }],
  result: "void",
  tiers: coreEverywhere,
  clauses: [
    { n: 1, text: "It is sticky: between the target's comparison and its sleep it makes that sleep return.", source: "domain §1.9, §3.2 T-LOCK-3" },
    { n: 2, text: "A target that runs is not disturbed: no interrupt is delivered and its state does not change.", source: "domain §3.2 T-LOCK-8" },
    { n: 3, text: "Stores made before the call are visible to the target when its wait returns.", source: "domain §3.2 T-LOCK-2 (unlocker's side)" },
    { n: 4, text: "An index that does not exist has no effect.", source: "domain §3.2 T-LOCK-8; rule G9" },
  ],
  deviations: [],
  sources: ["domain §1.9", "KVM hypercall 5", "Xen EVTCHNOP_send"],
  native: true,
});
