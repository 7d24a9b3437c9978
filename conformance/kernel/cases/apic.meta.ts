import { type CaseMeta, everyVcpu, explored, sequential } from "../case-meta.ts";

export const apic: CaseMeta[] = [
  sequential("apic-read-registers", "Registers of the own APIC", ["apic.read.1"], everyVcpu),
  sequential("apic-read-refused", "Where no register is", ["apic.read.2"]),
  sequential("apic-write-priority", "The task priority holds back and lets pass", ["apic.write.1"]),
  sequential("apic-write-own", "The priority of one vCPU is its own", ["apic.write.2"], ["writer", "bystander"]),
  sequential("apic-timer-counts", "The timer counts down by its divider", ["apic.write.4"]),
  sequential("apic-timer-expires", "The timer raises its vector once, periodically or not", ["apic.write.5"], ["vCPU"], { on: [2] }),
  sequential("apic-write-refused", "Registers and values that do not exist", ["apic.write.3"]),
  sequential("apic-icr-read-back", "The command reads back", ["apic.icr_read.1"], ["vCPU"], { on: [2] }),
  sequential("apic-icr-destinations", "Destination ids and shorthands", ["apic.icr_write.1"], everyVcpu),
  explored("apic-icr-stores", "The handler sees what was stored before", ["apic.icr_write.2"], ["sender", "target"]),
  sequential("apic-icr-refused", "Commands that do not exist", ["apic.icr_write.3"]),
];
