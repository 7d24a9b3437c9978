// Results that add up over the schedules of a unit: clauses reached, and the set of outcome vectors. Not part of snapshots.
import { regionDigest } from "../memory/snapshot";

export const CLAUSES_MAX: u32 = 4096;
export const SLOTS_MAX: u32 = 8;
const VECTORS_MAX: u32 = 256;
const VECTOR_BYTES: usize = 8 * 8;

/** One byte per clause: 1 = an expectation of it was evaluated. */
const reached: usize = memory.data(4096, 8);
/** Distinct vectors, in the order in which they were first seen. */
const vectors: usize = memory.data(16384, 8);
/** Vector of the schedule under way, and how many slots are in use. */
const present: usize = memory.data(64, 8);
let slots: u32 = 0;
let count: u32 = 0;

/** A new unit. */
export function outcomesForget(): void {
  memory.fill(reached, 0, CLAUSES_MAX);
  slots = 0;
  count = 0;
}

/** A new schedule. */
export function outcomeStart(): void {
  memory.fill(present, 0, VECTOR_BYTES);
}

export function clauseReached(clause: u32): void {
  if (clause < CLAUSES_MAX) store<u8>(reached + clause, 1);
}

export function isReached(clause: u32): bool {
  return load<u8>(reached + clause) != 0;
}

export function outcomeSet(slot: u32, value: u64): void {
  if (slot >= SLOTS_MAX) return;
  store<u64>(present + (slot << 3), value);
  if (slot >= slots) slots = slot + 1;
}

/** Hash of the vector of the schedule under way. */
export function outcomeDigest(): u64 {
  return regionDigest(present, VECTOR_BYTES);
}

/** The schedule ended well: its vector counts. */
export function outcomeKeep(): void {
  if (!slots || count == VECTORS_MAX) return;
  for (let i: u32 = 0; i < count; i++) if (memory.compare(outcomeVector(i), present, VECTOR_BYTES) == 0) return;
  memory.copy(outcomeVector(count), present, VECTOR_BYTES);
  count += 1;
}

export function outcomeCount(): u32 {
  return count;
}

export function outcomeSlots(): u32 {
  return slots;
}

export function outcomeVector(i: u32): usize {
  return vectors + i * VECTOR_BYTES;
}
