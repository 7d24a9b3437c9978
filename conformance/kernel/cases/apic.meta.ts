import { type CaseMeta, everyVcpu, explored, sequential } from "../case-meta.ts";

export const apic: CaseMeta[] = [
  sequential("apic-eoi-one", "One call retires one vector, the highest", ["apic.eoi.1"]),
  sequential("apic-eoi-next", "What waited comes after the call", ["apic.eoi.2"]),
  sequential("apic-eoi-idle", "A call with nothing in service", ["apic.eoi.3"]),
  explored("apic-eoi-any-arrival", "An interrupt arrives around the call", ["apic.eoi.4"], ["vCPU"], {
    bound: 2,
    budget: 400,
    irq: "fine",
    arrivals: [{ kind: "irq", vector: 0x41, vcpu: 0, max: 2 }],
  }),
  sequential("apic-eoi-fallback", "With the feature vetoed, and after", ["apic.eoi.5"]),
  explored("apic-eoi-nested-arrival", "Interrupts come and go above one in service", ["apic.eoi.1"], ["vCPU"], {
    on: [1],
    budget: 800,
    irq: "fine",
    arrivals: [{ kind: "irq", vector: 0x50, vcpu: 1, max: 2 }],
  }),
  sequential("apic-eoi-after-move", "The processor goes away before the call and after", ["apic.eoi.6"], ["vCPU"], {
    on: [2],
  }),
  sequential("apic-eoi-after-revoke", "The areas go away before the call", ["apic.eoi.6"], ["vCPU"], { on: [3] }),
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
