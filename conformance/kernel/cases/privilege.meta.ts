import { type CaseMeta, sequential } from "../case-meta.ts";

const privileges = ["rule.processor.4"];

export const privilege: CaseMeta[] = [
  sequential("processor-returns", "A return through a bad frame is refused, and repeated once the frame is good", privileges, ["vCPU"], { on: [3] }),
  sequential("processor-system-calls", "System calls from user mode and back", privileges, ["vCPU"], { on: [0] }),
  sequential("processor-user-mode", "What user mode may not do", privileges, ["vCPU"], { on: [1] }),
];
