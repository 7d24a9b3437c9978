// The virtual operand stack: what WebAssembly pushed, and where its value really is. Reading a local or a constant emits nothing.
//
//   entry: | type u8 | kind u8 | local u16 | next lower entry naming the same local i32 | constant u64, or next upper such entry i32 |
//   The home of the entry at height h is slot `homes + h`. TEMP entries are in their home (or in the accumulator as well).
import { E_INVALID, E_LIMIT, fail } from "../errors";
import { OP_CONST, OP_KEEP, OP_MOVE, PAIRED_END } from "../generated/opcodes";
import { engineLimits } from "../limits";
import { offset } from "../reader";
import { T_ANY } from "../types";
import { emit } from "./emit";
import { OPERAND_BYTES, localHeads, operandScratch } from "./scratch";

export const TEMP: u32 = 0;
export const LOCAL: u32 = 1;
export const CONST: u32 = 2;

/** A popped operand. */
@unmanaged
export class Operand {
  type: u32;
  kind: u32;
  local: u32;
  /** Height it had. */
  index: u32;
  constant: u64;
  /** The accumulator holds its value. */
  inAcc: u32;
  /** Operation that made it and left it in accumulator and home, 0 = other. */
  producer: usize;
}

export const X = changetype<Operand>(memory.data(48, 8));
export const Y = changetype<Operand>(memory.data(48, 8));
export const Z = changetype<Operand>(memory.data(48, 8));

export let height: u32 = 0;
export let heightMax: u32 = 0;
/** First slot of the operand homes. */
export let homes: u32 = 0;
/** Floor of the innermost control frame, and whether it is polymorphic below (unreachable code). */
export let floor: u32 = 0;
export let polymorphic: bool = false;
/** No code can reach this point: nothing is emitted. */
export let dead: bool = false;

/** Entries below are known to be in their homes. */
let flushed: u32 = 0;
/** Which entry or local the accumulator equals (-1 none), and the operation that made the entry. */
let accEntry: i32 = -1;
let accLocal: i32 = -1;
let accProducer: usize = 0;

export function operandsStart(firstHome: u32): void {
  height = 0;
  heightMax = 0;
  homes = firstHome;
  floor = 0;
  polymorphic = false;
  dead = false;
  flushed = 0;
  accForget();
}

export function setFrame(newFloor: u32, isPolymorphic: bool): void {
  floor = newFloor;
  polymorphic = isPolymorphic;
}

export function setDead(value: bool): void {
  dead = value;
}

/** After a label, where paths meet: the accumulator holds nothing known. */
export function accForget(): void {
  accEntry = -1;
  accLocal = -1;
  accProducer = 0;
}

/** A value on the stack is wanted in its home by another path: its producer must keep writing it. */
export function accPin(): void {
  accProducer = 0;
}

@inline
function entry(index: u32): usize {
  return operandScratch + <usize>index * OPERAND_BYTES;
}

@inline
export function entryType(index: u32): u32 {
  return load<u8>(entry(index));
}

function pushEntry(type: u32, kind: u32): usize {
  if (height >= engineLimits.operands) {
    fail(E_LIMIT, offset(), "operand stack too deep: over the engine's limit");
    return entry(0);
  }
  const at = entry(height);
  store<u32>(at, type | (kind << 8));
  height += 1;
  if (height > heightMax) heightMax = height;
  return at;
}

/** Pushes a value that is in its home. */
export function pushTemp(type: u32): void {
  pushEntry(type, TEMP);
}

export function pushLocal(type: u32, local: u32): void {
  if (dead) return pushTemp(type);
  const index = height;
  const at = pushEntry(type, LOCAL);
  const lower = validHead(local, index);
  store<u16>(at, local, 2);
  store<i32>(at, lower, 4);
  store<i32>(at, -1, 8);
  if (lower >= 0) store<i32>(entry(lower), index, 8);
  store<i32>(localHeads + (<usize>local << 2), index);
}

/** Heads are never cleared: one is valid if the entry it names is on the stack and names the local. */
function validHead(local: u32, below: u32): i32 {
  const index = load<u32>(localHeads + (<usize>local << 2));
  if (index >= below) return -1;
  return load<u8>(entry(index), 1) == LOCAL && load<u16>(entry(index), 2) == local ? <i32>index : -1;
}

export function pushConst(type: u32, value: u64): void {
  store<u64>(pushEntry(type, CONST), value, 8);
}

/** Pushes the result of an operation just emitted: its slot d (at +2) becomes the new entry's home. */
export function pushResult(type: u32, operation: usize): void {
  if (!dead) {
    store<u16>(operation, homes + height, 2);
    accEntry = height;
    accLocal = -1;
    accProducer = operation;
  }
  pushEntry(type, TEMP);
}

/** Pushes a call's single result: in its home and in the accumulator. */
export function pushReturned(type: u32): void {
  accLocal = -1;
  accEntry = height;
  accProducer = 0;
  pushEntry(type, TEMP);
}

/** Changes the type of the top entry without touching its value. */
export function retypeTop(type: u32): void {
  if (height > floor) store<u8>(entry(height - 1), type);
}

function mismatch(): void {
  fail(E_INVALID, offset(), "type mismatch: an operand has another type or is missing");
}

/** Pops an operand of this type (T_ANY = any) into `to`. */
export function pop(to: Operand, type: u32): void {
  to.kind = TEMP;
  to.inAcc = 0;
  to.producer = 0;
  if (height == floor) {
    to.type = type;
    to.index = height;
    if (!polymorphic) mismatch();
    return;
  }
  height -= 1;
  const at = entry(height);
  to.type = load<u8>(at);
  to.kind = load<u8>(at, 1);
  to.local = load<u16>(at, 2);
  to.constant = load<u64>(at, 8);
  to.index = height;
  if (to.type != type && type != T_ANY && to.type != T_ANY) return mismatch();
  release(at);
  if (to.kind == TEMP && accEntry == <i32>height) {
    to.inAcc = 1;
    to.producer = accProducer;
    accEntry = -1;
  } else if (to.kind == LOCAL && accLocal == <i32>to.local) to.inAcc = 1;
  if (flushed > height) flushed = height;
}

/** Takes an entry that names a local out of that local's chain. */
function release(at: usize): void {
  if (load<u8>(at, 1) != LOCAL) return;
  const lower = load<i32>(at, 4);
  const upper = load<i32>(at, 8);
  if (upper >= 0) store<i32>(entry(upper), lower, 4);
  else store<i32>(localHeads + (<usize>load<u16>(at, 2) << 2), lower);
  if (lower >= 0) store<i32>(entry(lower), upper, 8);
}

/** Drops entries down to this height. */
export function truncate(to: u32): void {
  while (height > to) {
    height -= 1;
    release(entry(height));
  }
  if (accEntry >= <i32>height) accEntry = -1;
  if (flushed > height) flushed = height;
}

/** Consumes an operand from the accumulator: its producer need not write its home. */
export function takeAcc(operand: Operand): void {
  const producer = operand.producer;
  if (producer && load<u16>(producer) < PAIRED_END) store<u16>(producer, load<u16>(producer) | 1);
}

/** Slot that holds a popped operand; a constant is written to its home first. */
export function slotOf(operand: Operand): u32 {
  if (operand.kind == LOCAL) return operand.local;
  if (operand.kind == CONST) {
    const at = emit(OP_CONST);
    store<u16>(at, homes + operand.index, 2);
    store<u64>(at, operand.constant, 8);
  }
  return homes + operand.index;
}

/** Brings the entry at this height to its home. */
function settleEntry(index: u32): void {
  const at = entry(index);
  const kind = load<u8>(at, 1);
  if (kind == TEMP) return;
  if (kind == CONST) {
    const op = emit(OP_CONST);
    store<u16>(op, homes + index, 2);
    store<u64>(op, load<u64>(at, 8), 8);
  } else {
    moveLocal(homes + index, load<u16>(at, 2));
    release(at);
  }
  store<u8>(at, TEMP, 1);
}

function moveLocal(slot: u32, local: u32): void {
  const op = emit(accLocal == <i32>local ? OP_KEEP : OP_MOVE);
  store<u16>(op, slot, 2);
  if (accLocal != <i32>local) store<u16>(op, local, 4);
}

/** Brings every entry to its home. */
export function flushAll(): void {
  if (dead) return;
  for (let i = flushed; i < height; i++) settleEntry(i);
  flushed = height;
}

/** Brings the top `count` entries to their homes. */
export function flushTop(count: u32): void {
  if (dead) return;
  for (let i = max<u32>(height - count, flushed); i < height; i++) settleEntry(i);
}

/** Writes the entry at this height to a slot, leaving the entry as it is. */
export function copyEntry(index: u32, slot: u32): void {
  const at = entry(index);
  const kind = load<u8>(at, 1);
  if (kind == LOCAL) return moveLocal(slot, load<u16>(at, 2));
  const op = emit(kind == CONST ? OP_CONST : accEntry == <i32>index ? OP_KEEP : OP_MOVE);
  store<u16>(op, slot, 2);
  if (kind == CONST) store<u64>(op, load<u64>(at, 8), 8);
  else if (accEntry != <i32>index) store<u16>(op, homes + index, 4);
}

/** Kind, accumulator state and constant of the top entry, for returns. */
export function peekTop(to: Operand): void {
  const at = entry(height - 1);
  to.kind = load<u8>(at, 1);
  to.local = load<u16>(at, 2);
  to.constant = load<u64>(at, 8);
  to.index = height - 1;
  to.inAcc = (to.kind == TEMP && accEntry == <i32>(height - 1)) || (to.kind == LOCAL && accLocal == <i32>to.local) ? 1 : 0;
  to.producer = 0;
}

/** Before a local is written: entries that name it get their own copy. True if any code was emitted. */
export function preserve(local: u32): bool {
  let index = validHead(local, height);
  const any = index >= 0;
  while (index >= 0) {
    const next = load<i32>(entry(index), 4);
    settleEntry(index);
    index = next;
  }
  return any;
}

/** The accumulator now equals this local. */
export function accIsLocal(local: u32): void {
  accLocal = local;
  accEntry = -1;
  accProducer = 0;
}

/** A local was written without the accumulator. */
export function localWritten(local: u32): void {
  if (accLocal == <i32>local) accLocal = -1;
}

