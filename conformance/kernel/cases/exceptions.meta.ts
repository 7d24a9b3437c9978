import { type CaseMeta, sequential } from "../case-meta.ts";

const delivery = ["rule.processor.2"];

export const exceptions: CaseMeta[] = [
  sequential("processor-page-faults", "A page fault says what was done, and where", delivery, ["vCPU"], { on: [1] }),
  sequential("processor-fault-restarts", "An access whose fault was mended runs again", delivery, ["vCPU"], { on: [2] }),
  sequential("processor-double-faults", "An exception meets the delivery of another", delivery, ["vCPU"], { on: [3] }),
  sequential("processor-delivery-finds-table", "Whatever is delivered finds its table anew", delivery, ["vCPU"], { on: [0] }),
  sequential("processor-delivery-faults", "A page fault amid a delivery", delivery, ["vCPU"], { on: [1] }),
  sequential("processor-breakpoints", "Breakpoints are traps", delivery, ["vCPU"], { on: [2] }),
];
