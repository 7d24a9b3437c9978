import { type CaseMeta, everyVcpu, explored, sequential } from "../case-meta.ts";

export const time: CaseMeta[] = [
  sequential("time-clock-monotone", "Readings never decrease", ["time.sched_clock.1"]),
  sequential("time-clock-rate", "The clock runs at the rate of real time", ["time.sched_clock.2"]),
  sequential("time-clock-hours", "Over a hundred hours too", ["time.sched_clock.3"]),
  explored(
    "time-clock-torn",
    "The parameters change amid a reading",
    ["time.sched_clock.4"],
    ["reader", "passing time"],
    { bound: 2, budget: 500, steal: true },
  ),
  explored(
    "time-clock-across-vcpus",
    "A later reading elsewhere is not smaller",
    ["time.sched_clock.5"],
    ["first", "second"],
  ),
  sequential(
    "time-clock-same-base",
    "New parameters for one vCPU make no difference to another",
    ["time.sched_clock.5"],
    ["preempted", "reader"],
  ),
  sequential("time-clock-goes-on", "Time goes on in sleep and preemption", ["time.sched_clock.6"]),
  explored("time-clock-in-handler", "A handler reads amid a reading", ["time.sched_clock.7"], ["reader"], {
    budget: 300,
    irq: "fine",
    arrivals: [{ kind: "irq", vector: 0x41, vcpu: 0, max: 1 }],
  }),
  sequential("time-steal-counts", "All stolen time is counted, and no more", ["time.steal_clock.1"]),
  sequential("time-steal-not-asleep", "Sleep is not stolen", ["time.steal_clock.2"]),
  explored(
    "time-steal-monotone",
    "Readings about one vCPU never decrease",
    ["time.steal_clock.3"],
    ["preempted", "reader"],
    { steal: true },
  ),
  sequential(
    "time-steal-of-others",
    "It is about the vCPU that was asked for",
    ["time.steal_clock.4", "time.steal_clock.5"],
    ["reader", "preempted"],
  ),
  sequential("time-frequency-rate", "The frequency is the counter's", ["time.cycle_frequency.1"]),
  sequential("time-frequency-everywhere", "All vCPUs hear the same frequency", ["time.cycle_frequency.2"], everyVcpu),
  sequential("time-wallclock-utc", "The wall clock tells UTC", ["time.wallclock_get.1"]),
  sequential("time-wallclock-rate", "The wall clock runs at the rate of real time", ["time.wallclock_get.2"], ["vCPU"], { on: [3] }),
  sequential("time-wallclock-everywhere", "All vCPUs tell the same time of day", ["time.wallclock_get.3"], everyVcpu),
  sequential(
    "time-wallclock-set-moves",
    "The time set is told by all",
    ["time.wallclock_set.1"],
    ["setter", "other"],
  ),
  sequential("time-wallclock-set-refused", "Without the privilege nothing is set", ["time.wallclock_set.2"]),
];
