import { type CaseMeta, explored, sequential } from "../case-meta.ts";

const flusher = ["flusher", "target"];

export const flush: CaseMeta[] = [
  explored("mmu-flush-multi-running", "A running target", ["mmu.flush_tlb_multi.1"], flusher, { budget: 300 }),
  explored("mmu-flush-multi-in-handler", "A target in an interrupt handler", ["mmu.flush_tlb_multi.1"], flusher, {
    on: [2, 0],
  }),
  sequential("mmu-flush-multi-sleeping", "A sleeping target", ["mmu.flush_tlb_multi.2"], flusher, { on: [0, 2] }),
  sequential(
    "mmu-flush-multi-in-bracket",
    "A target that is in a lazy bracket",
    ["mmu.flush_tlb_multi.1"],
    flusher,
    { on: [0, 2] },
  ),
  sequential(
    "mmu-flush-multi-self",
    "The calling vCPU, without anybody's help",
    ["mmu.flush_tlb_multi.4"],
    ["flusher", "deaf"],
  ),
  sequential(
    "mmu-flush-multi-nobody",
    "No target, or none that exists",
    ["mmu.flush_tlb_multi.5"],
    ["flusher", "deaf"],
  ),
  sequential(
    "mmu-flush-multi-freed-tables",
    "Cached upper levels of a freed table",
    ["mmu.flush_tlb_multi.6"],
    flusher,
    { on: [0, 3] },
  ),
  explored("mmu-flush-multi-crossed", "Two vCPUs flush each other", ["mmu.flush_tlb_multi.7"], ["one", "other"], {
    on: [0, 2],
  }),
  sequential("mmu-flush-multi-undefined-flags", "Undefined flags are refused", ["mmu.flush_tlb_multi.8"]),
  sequential("mmu-flush-multi-range", "Every page of a range", ["mmu.flush_tlb_multi.9"], flusher, { on: [0, 3] }),
  sequential("mmu-flush-multi-everything", "Everything, global translations too", ["mmu.flush_tlb_multi.10"], flusher, {
    on: [0, 2],
  }),
  sequential(
    "mmu-flush-multi-odd-ranges",
    "Empty, and across the hole between the halves",
    ["mmu.flush_tlb_multi.11"],
    flusher,
    { on: [0, 1] },
  ),
  explored(
    "mmu-flush-multi-switching",
    "A target that loads another root meanwhile",
    ["mmu.flush_tlb_multi.12"],
    flusher,
    { on: [0, 3] },
  ),
];
