// Numbers: paired operations first, at even numbers with their accumulator-only twin behind; then other hot ones; cold ones from 1000.
// Binaryen turns a switch into one br_table only below 1024 cases, so hot numbers end before 1000.
import { coldOperations } from "./cold.ts";
import { branchOperations, controlOperations, moveOperations } from "./control.ts";
import { floatOperations } from "./float.ts";
import type { Operation } from "./forms.ts";
import { type Fused, fusedOperation, numberPairs } from "./fusion.ts";
import { binaryOperations, unaryOperations } from "./integer.ts";
import { loadOperations, storeOperations } from "./memory.ts";

export interface Numbered {
  number: number;
  operation: Operation;
  accOnly: boolean;
}

export const COLD_FIRST = 1000;

export interface Numbering {
  all: Numbered[];
  byName: Map<string, number>;
  /** Numbers below this come in pairs. */
  pairedEnd: number;
  hotEnd: number;
  /** Pairs, numbered behind the other hot operations. */
  fused: Fused[];
}

export function numberOperations(): Numbering {
  const operations = [
    ...binaryOperations(),
    ...unaryOperations(),
    ...floatOperations(),
    ...loadOperations(),
    ...moveOperations(),
    ...storeOperations(),
    ...controlOperations(),
    ...branchOperations(),
    ...coldOperations(),
  ];
  const all: Numbered[] = [];
  for (const operation of operations.filter((o) => o.paired && !o.cold)) {
    all.push({ number: all.length, operation, accOnly: false }, { number: all.length + 1, operation, accOnly: true });
  }
  const pairedEnd = all.length;
  for (const operation of operations.filter((o) => !o.paired && !o.cold))
    all.push({ number: all.length, operation, accOnly: false });
  const fused = numberPairs(all, all.length);
  for (const pair of fused) all.push({ number: pair.number, operation: fusedOperation(pair), accOnly: false });
  const hotEnd = all.length;
  if (hotEnd > COLD_FIRST)
    throw new Error(`${hotEnd} hot operations: at most ${COLD_FIRST} fit one br_table; mark some as cold`);
  const cold = operations.filter((o) => o.cold);
  for (const [i, operation] of cold.entries()) all.push({ number: COLD_FIRST + i, operation, accOnly: false });
  const byName = new Map(all.filter((n) => !n.accOnly).map((n) => [n.operation.name, n.number]));
  return { all, byName, pairedEnd, hotEnd, fused };
}
