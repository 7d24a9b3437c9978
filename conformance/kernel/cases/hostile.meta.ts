import { type CaseMeta, explored, sequential } from "../case-meta.ts";

const peers = "hostile";

export const hostile: CaseMeta[] = [
  sequential(
    "hostile-areas",
    "Areas where there is no memory",
    ["msr.write.3", "time.sched_clock.2", "rule.untrusted_pointers.1"],
    ["attacker"],
    { on: [1], peers },
  ),
  sequential(
    "hostile-hypercalls",
    "Hypercalls that do not exist, for vCPUs that do not",
    ["ipi.send_mask.5", "lock.kick.4", "rule.untrusted_pointers.1"],
    ["attacker"],
    { on: [2], peers },
  ),
  sequential("hostile-answers", "Calls that no reference guest half makes", ["msr.read.1", "ipi.send_mask.1"], ["caller"], { on: [1], peers }),
  explored(
    "hostile-rewriting",
    "An area is rewritten while the host updates it",
    ["time.sched_clock.1", "rule.untrusted_pointers.2"],
    ["preempted", "attacker"],
    { steal: true, peers },
  ),
];
