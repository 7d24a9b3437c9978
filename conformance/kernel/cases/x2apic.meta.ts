import { type CaseMeta, sequential } from "../case-meta.ts";

const instructions = ["rule.processor.1"];

export const x2apic: CaseMeta[] = [
  sequential("processor-apic", "Every register of the local APIC", instructions, ["vCPU"], { on: [1] }),
  sequential("processor-destinations", "Logical and physical destinations of interrupts", instructions, ["vCPU"], { on: [2] }),
];
