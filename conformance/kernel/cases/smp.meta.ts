import { type CaseMeta, explored, sequential } from "../case-meta.ts";

const STARTERS = ["starter", "rival"];

export const smp: CaseMeta[] = [
  sequential("smp-state-refused", "States that no vCPU can start with", [
    "smp.set_initial_ap_state.1",
    "smp.set_initial_ap_state.2",
  ]),
  sequential("smp-state-bad-target", "Targets that are up, ready or absent", ["smp.set_initial_ap_state.3"]),
  sequential("smp-state-read-once", "What is stored in the state later", ["smp.set_initial_ap_state.4"]),
  explored("smp-state-race", "Two states for one target", ["smp.set_initial_ap_state.5"], STARTERS),
  sequential("smp-state-address", "Addresses that no state can have", ["smp.set_initial_ap_state.6"]),
  sequential("smp-state-unmapped-tables", "Tables where nothing is mapped", ["smp.set_initial_ap_state.7"]),
  sequential("smp-start-registers", "Every register is the state's", ["smp.cpu_up.1"]),
  sequential("smp-start-clean", "Nothing is left of the life before", ["smp.cpu_up.2"], ["starter", "leaver"], {
    on: [0, 3],
  }),
  sequential("smp-start-refused", "Targets that cannot be started", ["smp.cpu_up.3"]),
  explored("smp-start-race", "Two starts of one target", ["smp.cpu_up.4"], STARTERS),
  explored("smp-start-two", "Two starts of two targets", ["smp.cpu_up.1"], STARTERS),
  explored("smp-start-stores", "The target sees what was stored before", ["smp.cpu_up.5"], ["starter"], { budget: 50 }),
  explored("smp-start-while-leaving", "A start meets the way down", ["smp.cpu_up.6"], ["starter", "leaver"], {
    budget: 300,
    on: [0, 3],
  }),
];
