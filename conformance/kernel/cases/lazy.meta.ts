import { type CaseMeta, sequential } from "../case-meta.ts";

export const lazy: CaseMeta[] = [
  sequential("mmu-lazy-in-handler", "A handler amid the bracket is not lazy", ["mmu.lazy_enter.1"]),
  sequential("mmu-lazy-flush-points", "Flushes and root loads apply what was deferred", ["mmu.lazy_enter.2"]),
  sequential("mmu-lazy-entered-twice", "Entering twice is entering once", ["mmu.lazy_enter.3"]),
  sequential("mmu-lazy-leave-applies", "Leaving applies everything in order", ["mmu.lazy_leave.1"]),
  sequential("mmu-lazy-left-twice", "Leaving without entering does nothing", ["mmu.lazy_leave.2"]),
  sequential("mmu-lazy-flush-applies", "Flushing the bracket applies what it holds", ["mmu.lazy_flush.1"]),
];
