import { type CaseMeta, sequential } from "../case-meta.ts";

const accesses = ["rule.processor.3"];

export const translation: CaseMeta[] = [
  sequential("processor-write-protection", "Pages that cannot be written, with CR0.WP and without", accesses, ["vCPU"], { on: [1] }),
  sequential("processor-supervisor-protection", "User pages under SMEP and SMAP", accesses, ["vCPU"], { on: [2] }),
  sequential("processor-descriptor-faults", "Descriptors on pages that are absent or cannot be written", accesses, ["vCPU"], { on: [3] }),
  sequential("processor-no-execute", "No-execute at any level", accesses, ["vCPU"], { on: [0] }),
  sequential("processor-accessed-dirty", "Accessed and dirty bits of entries", accesses, ["vCPU"], { on: [1] }),
  sequential("processor-large-pages", "Pages of 2 MiB and 1 GiB, and their reserved bits", accesses, ["vCPU"], { on: [2] }),
  sequential("processor-beyond-memory", "Entries that name no memory", accesses, ["vCPU"], { on: [3] }),
];
