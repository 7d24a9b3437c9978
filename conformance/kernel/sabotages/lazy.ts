/** Sabotages of mmu.lazy_*: the native half made to defer, correctly but for one thing each. */
import { type Edit, edit, native, nativeGuest, type Sabotage } from "./sabotage.ts";

/** A queue of eight entries, applied in order; nothing is deferred with interrupts disabled, as handlers run. */
const queue = `let lazy: i32 = 0;
let queued: i32 = 0;
const queue: usize = memory.data(128, 8);

function applyDeferred(): void {
  for (let i = 0; i < queued; i++)
    machine.store64(load<i64>(queue + ((<usize>i) << 4)), load<i64>(queue + ((<usize>i) << 4), 8));
  queued = 0;
}

function defer(ptr: i64, val: i64): void {
  store<i64>(queue + ((<usize>queued) << 4), ptr);
  store<i64>(queue + ((<usize>queued) << 4), val, 8);
  queued += 1;
}
`;
const applied = [
  "mmu_write_cr3(root: i64)",
  "mmu_flush_tlb_one(va: i64)",
  "mmu_flush_tlb_user()",
  "mmu_flush_tlb_kernel()",
];
const multi = "  return flushMulti(mask_va, start, end, flags);";

interface Deferral {
  /** Condition under which mmu.set_pte defers. */
  when?: string;
  enter?: string;
  leave?: string;
  flush?: string;
  /** Ops that are flush points, by the heads of their functions. */
  points?: string[];
  source?: string;
}

function deferring({
  when = "lazy && machine.pushf() & machine.RFLAGS_IF",
  enter = "lazy = 1;",
  leave = "lazy = 0; applyDeferred();",
  flush = "applyDeferred();",
  points = applied,
  source = queue,
}: Deferral): Edit[] {
  const body = (head: string, text: string) =>
    edit(nativeGuest, `export function ${head}: void {\n`, `export function ${head}: void {\n  ${text}\n`);
  const empty = (head: string, text: string) =>
    edit(nativeGuest, `export function ${head}: void {}`, `export function ${head}: void {\n  ${text}\n}`);
  return [
    edit(nativeGuest, "const VECTOR_MIN: i32 = 16;", `${source}\nconst VECTOR_MIN: i32 = 16;`),
    edit(
      nativeGuest,
      "  machine.store64(ptr, val);",
      `  if (${when}) defer(ptr, val);\n  else machine.store64(ptr, val);`,
    ),
    empty("mmu_lazy_enter()", enter),
    empty("mmu_lazy_leave()", leave),
    empty("mmu_lazy_flush()", flush),
    edit(nativeGuest, multi, `  applyDeferred();\n${multi}`),
    ...points.map((head) => body(head, "applyDeferred();")),
  ];
}

export const lazySabotages: readonly Sabotage[] = [
  native("mmu-lazy-in-handler", "handlers that interrupt a bracket are lazy too", ...deferring({ when: "lazy" })),
  native("mmu-lazy-flush-points", "loading a root applies nothing", ...deferring({ points: applied.slice(1) })),
  native(
    "mmu-lazy-entered-twice",
    "brackets are counted",
    ...deferring({ enter: "lazy += 1;", leave: "if (lazy) lazy -= 1; if (!lazy) applyDeferred();" }),
  ),
  native(
    "mmu-lazy-leave-applies",
    "what was deferred is applied last to first",
    ...deferring({
      source: queue.replace("for (let i = 0; i < queued; i++)", "for (let i = queued - 1; i >= 0; i--)"),
    }),
  ),
  native("mmu-lazy-left-twice", "leaving toggles the mode", ...deferring({ leave: "lazy ^= 1; applyDeferred();" })),
  native("mmu-lazy-flush-applies", "flushing the bracket is left to its end", ...deferring({ flush: "" })),
];
