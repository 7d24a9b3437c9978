import { type CaseMeta, sequential } from "../case-meta.ts";

const instructions = ["rule.processor.1"];

export const processor: CaseMeta[] = [
  sequential("processor-cr0", "CR0 takes, refuses and ignores what the architecture says", instructions, ["vCPU"], { on: [2] }),
  sequential("processor-cr2-cr3-cr8", "CR2, CR3 and CR8, and the registers that are not there", instructions, ["vCPU"], { on: [3] }),
  sequential("processor-cr4", "CR4 takes every defined bit and refuses the others", instructions, ["vCPU"], { on: [0] }),
  sequential("processor-debug-registers", "Debug registers, their aliases and fixed bits", instructions, ["vCPU"], { on: [1] }),
  sequential("processor-flags", "Flags as PUSHF, POPF, STI and CLI see them", instructions, ["vCPU"], { on: [2] }),
  sequential("processor-msr-values", "Values that model-specific registers take and refuse", instructions, ["vCPU"], {
    on: [3],
  }),
  sequential("processor-ports", "Ports where nothing answers, and CPUID", instructions, ["vCPU"], { on: [1] }),
];
