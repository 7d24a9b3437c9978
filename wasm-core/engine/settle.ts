// Exact stops. A block is paid as a whole when it is entered; when the fuel does not reach to its end, a BREAK is written over the
// operation at which it runs out, and the loop runs up to there. In between `fuel` is negative: what is left at an operation is
// fuel + restOf(operation).
//
//   block: | CHARGE 7 | op 2 | op 1 | op 3 | jump 1 |      fuel 4: BREAK on the third operation, which keeps 1 paid (carry)
import { costAt, functionAt } from "./code";
import { Func } from "./module";
import { COLD_FIRST, FUSED_FIRST, LENGTHS, OP_BREAK, OP_CHARGE, PLAIN } from "./generated/opcodes";
import { Thread } from "./thread";

/** Address that holds a BREAK now, 0 = none; and the operation it hides. */
export let breakAt: usize = 0;
let hidden: u16 = 0;
/** A fused operation that would run past the BREAK is made plain for the time being; 0 = none. */
let splitAt: usize = 0;
let split: u16 = 0;

/** Results of settle: where to go on, whether to stop there, and the instructions already paid of the operation there. */
export let settledPc: usize = 0;
export let settledStops: bool = false;
export let settledCarry: u32 = 0;

export function clearBreak(): void {
  store<u16>(breakAt, hidden);
  breakAt = 0;
  if (!splitAt) return;
  store<u16>(splitAt, split);
  splitAt = 0;
}

@inline
function isFused(number: u32): bool {
  return number >= FUSED_FIRST && number < COLD_FIRST;
}

/** Number of the operation at pc as it runs by itself: without the fusion with its successor. */
@inline
function operationAt(pc: usize): u32 {
  const number: u32 = load<u16>(pc);
  return isFused(number) ? load<u16>(PLAIN + (<usize>(number - FUSED_FIRST) << 1)) : number;
}

@inline
function endsBlock(operation: u32): bool {
  return (load<u8>(LENGTHS + operation) & 0x80) != 0;
}

@inline
function lengthOf(operation: u32): usize {
  return <usize>(load<u8>(LENGTHS + operation) & 0x7f) << 3;
}

/** Fuel from the operation at pc to the end of its block; 0 at a CHARGE, where nothing is paid yet. */
export function restOf(instance: usize, pc: usize): i64 {
  const func = changetype<Func>(functionAt(instance, pc));
  let rest: i64 = 0;
  while (true) {
    const operation = operationAt(pc);
    if (operation == OP_CHARGE) return rest;
    rest += costAt(func, pc);
    if (endsBlock(operation)) return rest;
    pc += lengthOf(operation);
  }
}

/** Fuel of the operation at pc. */
export function costOf(instance: usize, pc: usize): u32 {
  return costAt(changetype<Func>(functionAt(instance, pc)), pc);
}

/**
 * Decides how to go on at pc with `fuel` left, `carry` instructions of the operation there being paid.
 * Answers the fuel to run with; it is negative when a BREAK was placed.
 */
export function settle(instance: usize, pc: usize, carry: u32, fuel: i64): i64 {
  settledStops = false;
  settledCarry = carry;
  settledPc = pc;
  if (operationAt(pc) == OP_CHARGE) {
    const cost = <i64>load<u32>(pc, 4);
    if (fuel >= cost) {
      settledPc = pc + 8;
      return fuel - cost;
    }
    if (fuel <= 0) return stop(fuel);
    settledPc = pc + 8;
  }
  return place(instance, settledPc, carry, fuel);
}

function stop(fuel: i64): i64 {
  settledStops = true;
  return fuel;
}

function place(instance: usize, start: usize, carry: u32, fuel: i64): i64 {
  const func = changetype<Func>(functionAt(instance, start));
  let total: i64 = -(<i64>carry);
  let stopAt: usize = 0;
  let before: usize = 0;
  let previous: usize = 0;
  let pc = start;
  while (true) {
    const operation = operationAt(pc);
    if (operation == OP_CHARGE) break;
    total += costAt(func, pc);
    if (!stopAt && total > fuel) {
      stopAt = pc;
      before = previous;
    }
    if (endsBlock(operation)) break;
    previous = pc;
    pc += lengthOf(operation);
  }
  if (!stopAt) return fuel - total;
  if (stopAt == start) {
    if (fuel > 0) settledCarry = carry + <u32>fuel;
    return stop(fuel > 0 ? 0 : fuel);
  }
  breakAt = stopAt;
  hidden = load<u16>(stopAt);
  store<u16>(stopAt, OP_BREAK);
  if (before && isFused(load<u16>(before))) {
    splitAt = before;
    split = load<u16>(before);
    store<u16>(before, <u16>operationAt(before));
  }
  return fuel - total;
}

/** Writes the interpreter's registers back; the thread may then be inspected, entered and snapshot. */
export function save(t: Thread, instance: usize, pc: usize, fp: usize, acc: u64, fuel: i64, depth: u32, carry: u32): void {
  t.instance = instance;
  t.pc = pc;
  t.fp = fp;
  t.acc = acc;
  t.fuel = fuel;
  t.depth = depth;
  t.carry = carry;
  t.pending = 0;
  t.live = fp + changetype<Func>(functionAt(instance, pc)).frameBytes;
}

