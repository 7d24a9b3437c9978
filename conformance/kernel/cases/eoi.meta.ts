import { type CaseMeta, explored, sequential } from "../case-meta.ts";

export const eoi: CaseMeta[] = [
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
    budget: 580,
    irq: "fine",
    arrivals: [{ kind: "irq", vector: 0x50, vcpu: 1, max: 2 }],
  }),
  sequential("apic-eoi-after-move", "The processor goes away before the call and after", ["apic.eoi.6"], ["vCPU"], {
    on: [2],
  }),
  sequential("apic-eoi-after-revoke", "The areas go away before the call", ["apic.eoi.6"], ["vCPU"], { on: [3] }),
];
