// Lowering of branches: conditions fused with the comparison before them, values moved to where the label expects them.
import { E_INVALID, fail, failed } from "../errors";
import { BRANCH_OF, INVERSE, LENGTHS, OP_BR_FALSE_A, OP_BR_FALSE_S, OP_BR_TABLE_A, OP_BR_TABLE_S, OP_COPY, OP_JUMP, OP_RETURN, OP_RETURN_A, OP_RETURN_I, OP_RETURN_MANY, OP_RETURN_S, PAIRED_END } from "../generated/opcodes";
import { at, offset, readU32, seek } from "../reader";
import { T_I32 } from "../types";
import { addPending, blockAt, closeBlock, emit, emitWords, lastOperation, openBlock, retract } from "./emit";
import { FRAME_FUNCTION, Frame, checkTop, frameAt, frameDepth, framesStart, labelArity, labelTypes, linkTo, mismatch, requireTop, resolveChain, resolveField, setUnreachable } from "./frames";
import { CONST, LOCAL, X, Y, accPin, copyEntry, dead, flushAll, height, homes, peekTop, pop, slotOf, takeAcc } from "./operands";

/** A branch, return or tail call that carries more values than this pays for moving them: 1 fuel per 64 bytes, moved or not. */
const VALUES_FREE: u32 = 32;

export function chargeValues(count: u32): void {
  if (count > VALUES_FREE && !dead) addPending(count >>> 3);
}

/** Byte offset of the link slot of the function being lowered. */
export let linkOffset: u32 = 0;

export function branchesStart(link: u32): void {
  linkOffset = link;
}

/** A condition taken off the stack: a comparison that was retracted, or a plain value. */
let condition: u32 = 0;
let conditionWord: u64 = 0;
let conditionNext: u64 = 0;

const PLAIN: u32 = 0xffff;

/** Pops the condition of br_if or if. A comparison made by the very last operation is taken back to become part of the branch. */
export function popCondition(): void {
  pop(Y, T_I32);
  condition = PLAIN;
  if (dead || failed) return;
  const producer = Y.producer;
  if (!producer || producer != lastOperation || load<u16>(producer) >= PAIRED_END) return;
  const branch = <u32>load<u16>(BRANCH_OF + (<usize>load<u16>(producer) << 1));
  if (branch == 0xffff) return;
  condition = branch;
  conditionWord = load<u64>(producer);
  conditionNext = load<u64>(producer, 8);
  retract(producer);
}

/** Emits the branch on the popped condition (inverted: taken when it does not hold); answers its operation, rel32 open. */
export function emitConditional(inverted: bool): usize {
  if (condition == PLAIN) {
    const inAcc = Y.inAcc != 0;
    const slot = inAcc ? 0 : slotOf(Y);
    if (inAcc) takeAcc(Y);
    const op = inAcc ? OP_BR_FALSE_A : OP_BR_FALSE_S;
    const at = emit(inverted ? op : load<u16>(INVERSE + (<usize>op << 1)));
    store<u16>(at, slot, 2);
    return at;
  }
  const op = <u32>(inverted ? load<u16>(INVERSE + (<usize>condition << 1)) : condition);
  const at = emit(op);
  store<u16>(at, <u16>(conditionWord >> 32), 2);
  if ((load<u8>(LENGTHS + op) & 0x7f) == 2) store<u64>(at, isTwoSlots() ? conditionWord >> 48 : conditionNext, 8);
  return at;
}

/** Slot-slot comparisons keep their right operand in the first word, the branch in the second. */
@inline
function isTwoSlots(): bool {
  return (load<u8>(LENGTHS + <u32>(conditionWord & 0xffff)) & 0x7f) == 1;
}

export function readLabel(): Frame {
  const label = readU32();
  if (!failed && label >= frameDepth) fail(E_INVALID, offset(), "unknown label");
  return frameAt(failed ? 0 : label);
}

/** Are the label's values, once in their homes, where the label wants them? */
@inline
function inPlace(f: Frame): bool {
  return height - labelArity(f) == f.floor;
}

/** Moves the top values to the label's homes and jumps. The stack is left as it is. */
function emitJump(f: Frame): void {
  if (f.kind == FRAME_FUNCTION) return emitReturn(f);
  const arity = labelArity(f);
  if (arity == 1) {
    if (height - 1 != f.floor || needsMove()) copyEntry(height - 1, homes + f.floor);
  } else if (arity && !inPlace(f)) {
    const copy = emit(OP_COPY);
    store<u16>(copy, homes + f.floor, 2);
    store<u16>(copy, homes + height - arity, 4);
    store<u16>(copy, arity, 6);
  }
  linkTo(f, emit(OP_JUMP) + 4, 0);
}

function needsMove(): bool {
  peekTop(X);
  return X.kind == CONST || X.kind == LOCAL;
}

/** Returns the top values. Several have been flushed. */
function emitReturn(f: Frame): void {
  let op: usize;
  if (f.nresults == 0) op = emit(OP_RETURN);
  else if (f.nresults == 1) {
    peekTop(X);
    if (X.kind == CONST) {
      op = emit(OP_RETURN_I);
      store<u64>(op, X.constant, 8);
    } else {
      op = emit(X.inAcc ? OP_RETURN_A : OP_RETURN_S);
      if (!X.inAcc) store<u16>(op, X.kind == LOCAL ? X.local : homes + X.index, 2);
    }
  } else {
    op = emit(OP_RETURN_MANY);
    store<u16>(op, homes + height - f.nresults, 2);
    store<u32>(op, f.nresults, 8);
  }
  store<u32>(op, linkOffset, 4);
}

/** The body's last `end`. */
export function finishFunction(): void {
  const f = frameAt(0);
  checkTop(f.results, f.nresults);
  if (failed) return;
  if (height > f.nresults) return mismatch();
  if (!dead) {
    chargeValues(f.nresults);
    if (f.nresults > 1) flushAll();
    emitReturn(f);
    closeBlock();
  }
  framesStart();
}

export function lowerBr(f: Frame): void {
  checkTop(labelTypes(f), labelArity(f));
  if (failed) return;
  if (!dead) {
    chargeValues(labelArity(f));
    if (labelArity(f) > 1) flushAll();
    emitJump(f);
    closeBlock();
  }
  setUnreachable();
}

export function lowerBrIf(f: Frame): void {
  popCondition();
  if (failed) return;
  requireTop(labelTypes(f), labelArity(f));
  if (failed || dead) return;
  const arity = labelArity(f);
  chargeValues(arity);
  if (arity) accPin();
  if (f.kind != FRAME_FUNCTION && (arity == 0 || inPlace(f))) {
    if (arity) flushAll();
    linkTo(f, emitConditional(false) + 4, 0);
    openBlock();
    return;
  }
  if (arity > 1) flushAll();
  const over = emitConditional(true) + 4;
  openBlock();
  emitJump(f);
  openBlock();
  resolveField(over, 0, blockAt);
}

export function lowerBrTable(): void {
  pop(Y, T_I32);
  const count = readU32();
  if (failed) return;
  const first = at;
  const arity = tableArity(count);
  if (failed) return;
  if (!dead) {
    chargeValues(arity);
    if (arity) {
      flushAll();
      accPin();
    }
    emitTable(first, count, arity);
    closeBlock();
  }
  setUnreachable();
}

/** Checks every label of the table against the stack; answers their common arity. */
function tableArity(count: u32): u32 {
  let arity: u32 = 0;
  let checked: usize = 0;
  for (let i: u64 = 0; i <= <u64>count && !failed; i++) {
    const f = readLabel();
    if (failed) return 0;
    if (i == 0) arity = labelArity(f);
    else if (labelArity(f) != arity) mismatch();
    if (labelTypes(f) == checked) continue;
    checkTop(labelTypes(f), labelArity(f));
    checked = labelTypes(f);
  }
  return arity;
}

/** Labels whose values are not in place are reached through stubs behind the table, one for each label. */
function emitTable(first: usize, count: u32, arity: u32): void {
  const slot = Y.inAcc ? 0 : slotOf(Y);
  const after = at;
  if (Y.inAcc) takeAcc(Y);
  const op = emit(Y.inAcc ? OP_BR_TABLE_A : OP_BR_TABLE_S);
  store<u16>(op, slot, 2);
  store<u32>(op, count, 4);
  const entries = emitWords((count + 2) >>> 1);
  if (failed) return;
  seek(first);
  for (let i: u32 = 0; i <= count; i++) {
    const f = frameAt(readU32());
    const field = entries + (<usize>i << 2);
    if (f.kind != FRAME_FUNCTION && (arity == 0 || inPlace(f))) linkTo(f, field, 1);
    else {
      store<u32>(field, f.stubs);
      f.stubs = field | 1;
    }
  }
  seek(first);
  for (let i: u32 = 0; i <= count && !failed; i++) {
    const f = frameAt(readU32());
    if (f.stubs) emitStub(f);
  }
  seek(after);
}

function emitStub(f: Frame): void {
  openBlock();
  resolveChain(f.stubs);
  f.stubs = 0;
  emitJump(f);
}
