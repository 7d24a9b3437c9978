import { type CaseMeta, everyVcpu, explored, sequential } from "../case-meta.ts";

const set = (n: number) => [`time.alarm_set.${n}`];
const cancel = (n: number) => [`time.alarm_cancel.${n}`];

export const alarm: CaseMeta[] = [
  sequential("time-alarm-never-early", "No alarm comes before its time by the clock", set(1), ["vCPU"], { on: [3] }),
  sequential("time-alarm-prompt", "An alarm comes soon after its time", set(2), ["vCPU"], { on: [1] }),
  sequential("time-alarm-past", "An alarm for a time that has passed comes at once", set(3)),
  sequential("time-alarm-far", "An alarm for a time far away does not come", set(4)),
  sequential("time-alarm-once", "A single alarm comes once", set(5), ["vCPU"], { on: [3] }),
  sequential("time-alarm-replaced", "A new setting takes the old one's place", set(6)),
  explored(
    "time-alarm-replaced-racing",
    "The old alarm expires while it is set anew",
    set(7),
    ["vCPU"],
    { on: [2], time: "free" },
  ),
  sequential("time-alarm-own-vcpu", "The alarm comes to the vCPU that set it", set(8), everyVcpu),
  sequential("time-alarm-periodic", "A periodic alarm keeps its grid", set(9)),
  sequential("time-alarm-coalesced", "What could not be taken comes once", set(10)),
  sequential("time-alarm-arguments", "Vectors and counters that do not exist are refused", set(11)),
  sequential(
    "time-alarm-worked-example",
    "VMI's example of alarms and stolen time",
    ["time.alarm_set.12", "time.alarm_set.10"],
    ["vCPU"],
    { on: [1] },
  ),
  sequential("time-alarm-no-counter", "Available time without its feature is refused", set(13), ["vCPU"], { on: [2] }),
  sequential("time-alarm-cancelled", "A cancelled alarm does not come", cancel(1)),
  sequential("time-alarm-cancel-result", "Cancelling tells whether something was armed", cancel(2)),
  explored(
    "time-alarm-cancel-racing",
    "The alarm expires while it is cancelled",
    cancel(3),
    ["vCPU"],
    { time: "free", irq: "fine" },
  ),
  sequential(
    "time-alarm-cancel-own",
    "Cancelling leaves all other alarms alone",
    cancel(4),
    ["canceller", "other"],
  ),
  sequential("time-alarm-cancel-arguments", "Counters that do not exist are refused", cancel(5)),
];
