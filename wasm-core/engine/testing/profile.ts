// Counts neighbouring operations in the lowered code of modules: node wasm-core/engine/testing/profile.ts N MODULE.wasm …
// prints the N most frequent pairs for opcodes/pairs.ts. An operation inside a backward branch's range counts four times.
import { readFileSync } from "node:fs";
import { isFirst, isSecond, pairName } from "../opcodes/fusion.ts";
import { COLD_FIRST, numberOperations } from "../opcodes/numbering.ts";
import { Engine } from "./engine.ts";

const [most, ...files] = process.argv.slice(2);
const engine = await Engine.create();
const { all, byName, fused } = numberOperations();
const byNumber = new Map(all.map((n) => [n.number, n]));
for (const { number, first } of fused)
  byNumber.set(number, { number: first.number, operation: first.operation, accOnly: first.accOnly });
const tables = new Set([byName.get("br_table_S"), byName.get("br_table_A")]);
const counts = new Map<string, number>();

/** Addresses of the operations in [start, end). */
function operations(view: DataView, start: number, end: number): number[] {
  const found: number[] = [];
  for (let at = start; at < end; ) {
    const number = view.getUint16(at, true);
    found.push(at);
    const words = byNumber.get(number)?.operation.words ?? 1;
    at += 8 * (words + (tables.has(number) ? (view.getUint32(at + 4, true) + 2) >> 1 : 0));
  }
  return found;
}

function count(start: number, end: number): void {
  const view = engine.view;
  const found = operations(view, start, end);
  const loops = found.flatMap((at) => {
    const name = byNumber.get(view.getUint16(at, true))?.operation.name ?? "";
    const distance = /^(br_(?!table)|jump)/.test(name) ? view.getInt32(at + 4, true) : 0;
    return distance < 0 ? [[at + distance, at]] : [];
  });
  for (const [i, at] of found.slice(0, -1).entries()) {
    const [a, b] = [byNumber.get(view.getUint16(at, true)), byNumber.get(view.getUint16(found[i + 1], true))];
    if (!a || !b || a.number >= COLD_FIRST || !isFirst(a) || !isSecond(b)) continue;
    const depth = Math.min(4, loops.filter(([from, to]) => at >= from && at <= to).length);
    const key = `["${pairName(a)}", "${pairName(b)}"]`;
    counts.set(key, (counts.get(key) ?? 0) + 4 ** depth);
  }
}

for (const file of files) {
  engine.reset();
  const module = engine.loadOrThrow(readFileSync(file));
  for (let i = 0; i < engine.wasm.functionTotal(module); i++) {
    const [start, end] = [engine.wasm.codeOf(module, i) >>> 0, engine.wasm.codeEndOf(module, i) >>> 0];
    if (start) count(start, end);
  }
}
for (const [key, n] of [...counts].sort((a, b) => b[1] - a[1]).slice(0, Number(most))) console.log(`  ${key}, // ${n}`);
