import { type CaseMeta, sequential } from "../case-meta.ts";

const instructions = ["rule.processor.1"];

export const segments: CaseMeta[] = [
  sequential("processor-segments", "Task and local descriptor table registers check what they load", instructions, ["vCPU"], { on: [3] }),
  sequential("processor-descriptor-pages", "A descriptor table across pages", instructions, ["vCPU"], { on: [0] }),
];
