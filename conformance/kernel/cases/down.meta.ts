import { type CaseMeta, everyVcpu, explored, sequential } from "../case-meta.ts";

export const down: CaseMeta[] = [
  sequential("smp-down-self", "The caller does nothing more", ["smp.cpu_down.1"], ["watcher", "leaver"], { on: [0, 3] }),
  sequential("smp-down-other", "Another vCPU stops in the middle", ["smp.cpu_down.2"], ["watcher", "counter"], {
    on: [0, 3],
  }),
  sequential("smp-down-nobody-waits", "A flush and an interrupt go past it", ["smp.cpu_down.3"], ["sender", "target", "leaver"], {
    on: [0, 2, 3],
  }),
  sequential("smp-down-refused", "The last one, nobody, one that is down", ["smp.cpu_down.4"]),
  explored("smp-down-race", "Two take down the same one", ["smp.cpu_down.4"], ["one", "other"]),
  sequential("smp-down-discards", "It takes a new state to start again", ["smp.cpu_down.5"]),
  sequential("smp-down-areas", "The host writes nothing for one that is down", ["smp.cpu_down.6"], everyVcpu),
  sequential("smp-is-up", "Who is up", ["smp.is_up.1", "smp.is_up.2"]),
  sequential("smp-apic-ids", "APIC ids and indices", ["smp.apicid_to_vp.1", "smp.apicid_to_vp.2"]),
];
