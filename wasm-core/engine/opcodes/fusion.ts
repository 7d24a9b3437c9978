// Fused operations: an overlay. After a function is lowered, the first opcode of a known pair is replaced by the pair's number;
// operands and the second opcode stay where they are. So un-fusing is writing one number back, stops and traps never see fused
// state, and nothing but the dispatch knows: the handler is both bodies, the second with its operands further from pc.
import type { Operation } from "./forms.ts";
import { pairs } from "./pairs.ts";

export interface Plain {
  number: number;
  operation: Operation;
  accOnly: boolean;
}

export interface Fused {
  number: number;
  first: Plain;
  second: Plain;
}

/** Name of an operation in the list of pairs; * marks the twin that keeps its result in the accumulator only. */
export const pairName = (plain: Plain) => plain.operation.name + (plain.accOnly ? "*" : "");

/** The pairs of pairs.ts with numbers from `first` on. */
export function numberPairs(plains: Plain[], first: number): Fused[] {
  const byName = new Map(plains.map((plain) => [pairName(plain), plain]));
  return pairs.map(([a, b], i) => {
    const [left, right] = [byName.get(a), byName.get(b)];
    if (!left || !right) throw new Error(`pairs.ts: unknown operation in ${a} + ${b}`);
    if (!isFirst(left) || !isSecond(right)) throw new Error(`pairs.ts: ${a} + ${b} cannot be fused`);
    return { number: first + i, first: left, second: right };
  });
}

/** Operations whose handlers honour `at` and leave pc to the dispatcher. */
export const isFirst = ({ operation }: Plain) => !operation.ends && !operation.moves && !operation.cold;

/** The same, or a branch. */
export const isSecond = (plain: Plain) => isFirst(plain) || /^(br_(?!table)|jump)/.test(plain.operation.name);

export function fusedOperation({ first, second }: Fused): Operation {
  const distance = first.operation.words * 8;
  return {
    name: `${pairName(first)}+${pairName(second)}`,
    words: first.operation.words + second.operation.words,
    ends: second.operation.ends,
    body: () => `${first.operation.body(0, first.accOnly)} ${second.operation.body(distance, second.accOnly)}`,
  };
}
