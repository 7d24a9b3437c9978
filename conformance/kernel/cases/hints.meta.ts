import { type CaseMeta, sequential } from "../case-meta.ts";

export const hints: CaseMeta[] = [
  sequential(
    "lock-preempted-self",
    "Who asks is not preempted",
    ["lock.vcpu_is_preempted.1"],
    ["thief", "asker"],
  ),
  sequential(
    "lock-preempted-while-descheduled",
    "Who was descheduled is preempted",
    ["lock.vcpu_is_preempted.3"],
    ["asker", "target"],
  ),
  sequential(
    "lock-preempted-over",
    "Who runs again is not preempted",
    ["lock.vcpu_is_preempted.2"],
    ["asker", "target"],
    { on: [0, 2] },
  ),
  sequential(
    "lock-preempted-nobody",
    "Who does not exist or is down is not preempted",
    ["lock.vcpu_is_preempted.4"],
    ["asker", "target"],
    { on: [0, 3] },
  ),
  sequential("lock-spin-notify-returns", "Any number of turns, in both interrupt states", ["lock.spin_notify.2"]),
  sequential("lock-spin-notify-alone", "The hint waits for nothing", ["lock.spin_notify.1"]),
  sequential("lock-yield-returns", "The target need not do anything", ["lock.yield_to.1"], ["caller", "target"]),
  sequential("lock-yield-sleeping", "A sleeper sleeps on", ["lock.yield_to.2"]),
  sequential("lock-yield-nobody", "To the caller, to nobody, to one that is down", ["lock.yield_to.3"]),
];
