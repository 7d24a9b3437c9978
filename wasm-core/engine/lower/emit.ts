// Writes code words at the end of the arena. Fuel of WebAssembly instructions gathers in `pending` and is charged to the next
// operation, so the guest-visible effect is always the last instruction of its operation.
import { arenaMark, arenaReserve } from "../../memory/arena";
import { E_LIMIT, E_MEMORY, fail, failed } from "../errors";
import { LENGTHS, OP_CHARGE, OP_NOP } from "../generated/opcodes";
import { engineLimits } from "../limits";
import { offset } from "../reader";
import { metaScratch } from "./scratch";

/** A block is cut after this many operations, so that finding a stop inside it is bounded. */
const BLOCK_OPERATIONS_MAX: u32 = 128;
const COST_MAX: u32 = 200;
const CHUNK_BYTES: usize = 65536;

export let codeStart: usize = 0;
export let codeAt: usize = 0;
/** Address of the last operation; 0 right after a CHARGE. */
export let lastOperation: usize = 0;
/** Instructions passed since the last operation. */
export let pending: u32 = 0;
/** The CHARGE of the open block. */
export let blockAt: usize = 0;
/** Offset in the module of the instruction being lowered. */
export let instructionOffset: u32 = 0;

let codeLimit: usize = 0;
let blockCost: u32 = 0;
let blockOperations: u32 = 0;

export function emitStart(): void {
  codeStart = arenaReserve(CHUNK_BYTES);
  if (!codeStart) fail(E_MEMORY, offset(), "the instance's memory (96 MiB) is used up");
  codeAt = codeStart;
  codeLimit = codeStart + CHUNK_BYTES;
  lastOperation = 0;
  pending = 0;
  blockAt = 0;
  blockCost = 0;
  blockOperations = 0;
}

export function setInstructionOffset(value: u32): void {
  instructionOffset = value;
}

export function addPending(count: u32): void {
  pending += count;
}

/** Room for `words` more words; on failure the cursor goes back to the start, so that writing stays harmless. */
function room(words: usize): void {
  const need = codeAt + (words << 3);
  if (need - codeStart > (<usize>engineLimits.codeWords << 3)) {
    fail(E_LIMIT, offset(), "function too large: its lowered code is over the engine's limit");
    codeAt = codeStart;
    return;
  }
  if (need <= codeLimit) return;
  codeLimit = need + CHUNK_BYTES;
  if (arenaReserve(codeLimit - arenaMark())) return;
  fail(E_MEMORY, offset(), "the instance's memory (96 MiB) is used up");
  codeAt = codeStart;
  codeLimit = need;
}

@inline
function metaCell(at: usize): usize {
  return metaScratch + ((at - codeStart) >>> 1);
}

function word(value: u64, meta: u32): void {
  store<u64>(codeAt, value);
  store<u32>(metaCell(codeAt), meta);
  codeAt += 8;
}

/** Appends an operation with cleared operand fields; answers its address. */
export function emit(operation: u32): usize {
  while (pending > COST_MAX && !failed) one(OP_NOP, COST_MAX);
  if (blockOperations >= BLOCK_OPERATIONS_MAX) openBlock();
  const cost = min<u32>(pending, COST_MAX);
  return one(operation, cost);
}

function one(operation: u32, cost: u32): usize {
  const words = <u32>load<u8>(LENGTHS + operation) & 0x7f;
  room(4);
  const at = codeAt;
  word(operation, instructionOffset | (cost << 24));
  for (let i: u32 = 1; i < words; i++) word(0, instructionOffset);
  pending -= cost;
  blockCost += cost;
  blockOperations += 1;
  lastOperation = at;
  return at;
}

/** Appends `count` cleared words (entries of a br_table); answers their address. */
export function emitWords(count: u32): usize {
  room(count);
  const at = codeAt;
  if (failed) return at;
  for (let i: u32 = 0; i < count; i++) word(0, instructionOffset);
  return at;
}

/** Takes back the last operation (a comparison that becomes part of a branch); its fuel is pending again. */
export function retract(at: usize): void {
  const cost = load<u32>(metaCell(at)) >>> 24;
  pending += cost;
  blockCost -= cost;
  blockOperations -= 1;
  codeAt = at;
  lastOperation = 0;
}

/** Ends the open block and starts another. What is pending must have been charged, unless the code before is dead. */
export function openBlock(): void {
  closeBlock();
  room(4);
  blockAt = codeAt;
  word(OP_CHARGE, instructionOffset);
  lastOperation = 0;
}

export function closeBlock(): void {
  if (blockAt) store<u32>(blockAt, blockCost, 4);
  blockAt = 0;
  blockCost = 0;
  blockOperations = 0;
}

/** Fall-through into a label: what is pending is charged before it. */
export function chargePending(): void {
  if (pending) emit(OP_NOP);
}
