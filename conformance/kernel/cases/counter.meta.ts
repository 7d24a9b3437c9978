import { type CaseMeta, everyVcpu, explored, sequential } from "../case-meta.ts";

const clock = (n: number) => [`time.sched_clock.${n}`];
const notice = (n: number) => [`time.migration_notice.${n}`];
const pairing = (n: number) => [`time.clock_pairing.${n}`];

export const counter: CaseMeta[] = [
  explored(
    "time-clock-ordered",
    "The counter is read behind what was seen before",
    clock(8),
    ["first", "second"],
    { early: true },
  ),
  sequential("time-clock-migrated", "On another machine the clock goes on", clock(9), ["vCPU"], { on: [1] }),
  explored("time-clock-migrating", "The machine changes amid a reading", clock(9), ["reader"], {
    on: [1],
    arrivals: [{ kind: "migration", vector: 0, vcpu: 1, max: 1 }],
  }),
  sequential(
    "time-clock-frequencies",
    "The clock is right whatever rate is published",
    clock(2),
    ["vCPU"],
    { on: [1] },
  ),
  sequential("time-steal-bounded", "No more is stolen than time has passed", ["time.steal_clock.6"], ["vCPU"], {
    on: [2],
  }),
  sequential("time-notice-given", "Every vCPU is told of a migration", notice(1), everyVcpu),
  sequential("time-notice-once", "A vCPU is told once", notice(2), ["vCPU"], { on: [1] }),
  explored(
    "time-notice-racing",
    "The host publishes amid the call",
    notice(2),
    ["told", "preempted"],
    { bound: 2, budget: 500, steal: true },
  ),
  sequential("time-notice-own", "Each vCPU has a notice of its own", notice(3), ["first", "second"], { on: [0, 2] }),
  sequential("time-notice-none", "Preemption and sleep are no migration", notice(4), ["vCPU"], { on: [2] }),
  sequential("time-notice-clocks", "Taking the notice changes no clock", notice(5), ["vCPU"], { on: [3] }),
  sequential("time-notice-frequency", "The frequency is the new counter's", notice(6), ["vCPU"], { on: [1] }),
  sequential("time-notice-vetoed", "Without its feature it is refused", notice(7)),
  sequential("time-pairing-counter", "The sample's counter is of the moment of the call", pairing(1)),
  sequential("time-pairing-utc", "The sample's time is the host's UTC", pairing(2), ["vCPU"], { on: [1] }),
  sequential("time-pairing-vetoed", "Without its feature it is refused", pairing(3), ["vCPU"], { on: [2] }),
];
