// The rarer statements of random modules: tail calls, return, typed select, blocks with parameters, table instructions, dropped segments.
import { FUNCREF, I32, I64, signed, unsigned } from "./assemble.ts";
import type { Signature } from "./random-module.ts";
import type { Random } from "./random-tables.ts";

/** What a statement may use of the function body it is made for. */
export interface Place {
  random: Random;
  signatures: Signature[];
  /** Results of this function. */
  results: number[];
  types: number[];
  expression(type: number): number[];
  /** Code made while a block with such a label is open. */
  within(label: number[], make: () => number[]): number[];
}

/** Types of blocks with parameters; they follow the types of all functions. */
export const BLOCK_TYPES: Signature[] = [
  { params: [I32], results: [I32, I64] },
  { params: [I32, I64], results: [I64] },
];

/** A statement behind a condition: what follows `if` never falls through. */
const guarded = (place: Place, code: () => number[]): number[] => [
  ...place.expression(I32),
  0x04,
  0x40,
  ...place.within([], code),
  0x0b,
];

function leave(place: Place): number[] {
  const { random, signatures, results } = place;
  const same = signatures.flatMap((s, i) => (s.results.join() === results.join() ? [i] : []));
  return guarded(place, () => {
    const values = (types: number[]) => types.flatMap((type) => place.expression(type));
    if (random.chance(8)) return [0x00];
    if (!same.length || random.chance(25)) return [...values(results), 0x0f];
    const index = random.pick(same);
    const args = values(signatures[index]?.params ?? []);
    if (random.chance(50)) return [...args, 0x12, ...unsigned(index)];
    const slot = random.chance(85) ? index : random.below(22);
    return [...args, 0x41, ...signed(slot), 0x13, ...unsigned(index), 0];
  });
}

function parameterBlock(place: Place): number[] {
  const which = place.random.below(BLOCK_TYPES.length);
  const first = place.signatures.length + 2;
  const type = unsigned(first + which);
  if (which === 0) {
    const inner = place.within([I32, I64], () => place.expression(I64));
    return [...place.expression(I32), 0x02, ...type, ...inner, 0x0b, 0x1a, 0x1a];
  }
  const branches = () => place.within([I64], () => [0x1a, 0x1a, ...place.expression(I64)]);
  const operands = [...place.expression(I32), ...place.expression(I64), ...place.expression(I32)];
  return [...operands, 0x04, ...type, ...branches(), 0x05, ...branches(), 0x0b, 0x1a];
}

function tableStatement(place: Place): number[] {
  const { random, signatures } = place;
  const few = (mask: number) => [...place.expression(I32), 0x41, ...signed(mask), 0x71];
  const reference = random.chance(40) ? [0xd0, FUNCREF] : [0xd2, ...unsigned(random.below(signatures.length))];
  switch (random.below(6)) {
    case 0:
      return [0xfc, 16, 0, 0x1a];
    case 1:
      return [...reference, ...few(3), 0xfc, 15, 0, 0x1a];
    case 2:
      return [...few(15), ...reference, ...few(3), 0xfc, 17, 0];
    case 3:
      return random.chance(60) ? [0xfc, 13, random.below(2)] : [0x01];
    case 4:
      return random.chance(60) ? [0xfc, 9, 0] : [0x01];
    default:
      return [...few(15), ...few(3), ...few(3), 0xfc, 12, 1, 0];
  }
}

export function extraStatement(place: Place): number[] {
  const roll = place.random.below(100);
  if (roll < 40) return leave(place);
  if (roll < 60) return parameterBlock(place);
  if (roll < 85) return tableStatement(place);
  const type = place.random.pick(place.types);
  const operands = [...place.expression(type), ...place.expression(type), ...place.expression(I32)];
  return [...operands, 0x1c, 1, type, 0x1a];
}
