import { type CaseMeta, explored, sequential } from "../case-meta.ts";

const flusher = ["flusher", "target"];

export const preempted: CaseMeta[] = [
  explored("mmu-flush-multi-preempted", "A target that the host preempts", ["mmu.flush_tlb_multi.3"], flusher, {
    bound: 2,
    budget: 1200,
    steal: true,
    on: [0, 3],
  }),
  explored(
    "mmu-flush-multi-returning",
    "A target that gets its processor back meanwhile",
    ["mmu.flush_tlb_multi.3"],
    ["target", "flusher"],
    { arrivals: [{ kind: "irq", vector: 0x43, vcpu: 1, max: 1 }] },
  ),
  explored(
    "mmu-flush-multi-inside",
    "A target that is preempted amid an instruction",
    ["mmu.flush_tlb_multi.13"],
    flusher,
    { bound: 2, budget: 450, steal: true, on: [0, 2] },
  ),
  sequential(
    "mmu-flush-multi-spared",
    "A target without a processor is not waited for",
    ["mmu.flush_tlb_multi.14", "mmu.flush_tlb_multi.4"],
    flusher,
    { on: [0, 3] },
  ),
];
