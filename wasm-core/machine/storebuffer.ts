// x86-TSO: stores wait in a FIFO per vCPU; its own loads see them, others only after they drained.
//
//   entry: | ma u32 | size u32 | value u64 |     ring of SB_ENTRIES, oldest at sb_first
import { physLoad, physStore } from "./frames";
import { SB_ENTRIES, SB_ENTRY_BYTES, storeBufferOf, Vcpu } from "./vcpu";

@inline
function entryAt(v: Vcpu, i: u32): usize {
  return storeBufferOf(v) + ((v.sb_first + i) % SB_ENTRIES) * SB_ENTRY_BYTES;
}

/** Stores that others cannot see yet. */
@inline
export function sbCount(v: Vcpu): u32 {
  return v.sb_count;
}

/** What this vCPU reads at ma: memory with its own waiting stores laid over it, oldest first. */
export function sbLoad(v: Vcpu, ma: u32, size: u32): u64 {
  const n = v.sb_count;
  if (n == 0) return physLoad(ma, size);
  // The newest store that covers all of it hides memory and everything older.
  let from: u32 = n;
  while (from > 0 && !covers(entryAt(v, from - 1), ma, size)) from--;
  let value: u64 = 0;
  if (from > 0) {
    const entry = entryAt(v, from - 1);
    value = (load<u64>(entry, 8) >> (<u64>(ma - load<u32>(entry)) << 3)) & (~(<u64>0) >> (64 - (size << 3)));
  } else value = physLoad(ma, size);
  for (let i = from; i < n; i++) {
    const entry = entryAt(v, i);
    const at = load<u32>(entry);
    const atSize = load<u32>(entry, 4);
    if (at < ma + size && ma < at + atSize) value = overlay(value, ma, size, at, atSize, load<u64>(entry, 8));
  }
  return value;
}

@inline
function covers(entry: usize, ma: u32, size: u32): bool {
  const at = load<u32>(entry);
  return at <= ma && ma + size <= at + load<u32>(entry, 4);
}

/** `value` read at ma with the bytes that an overlapping store at `at` wrote replaced. */
function overlay(value: u64, ma: u32, size: u32, at: u32, atSize: u32, stored: u64): u64 {
  let mask = ~(<u64>0) >> (64 - (atSize << 3));
  let bits = stored & mask;
  if (at >= ma) {
    const shift = <u64>(at - ma) << 3;
    mask <<= shift;
    bits <<= shift;
  } else {
    const shift = <u64>(ma - at) << 3;
    mask >>= shift;
    bits >>= shift;
  }
  return ((value & ~mask) | bits) & (~(<u64>0) >> (64 - (size << 3)));
}

/** Appends a store; a full buffer drains its oldest first. */
export function sbStore(v: Vcpu, ma: u32, size: u32, value: u64): void {
  if (v.sb_count == SB_ENTRIES) sbDrainOne(v);
  const entry = entryAt(v, v.sb_count);
  store<u32>(entry, ma);
  store<u32>(entry, size, 4);
  store<u64>(entry, value, 8);
  v.sb_count += 1;
}

/** Makes the oldest store visible; nothing when the buffer is empty. */
export function sbDrainOne(v: Vcpu): void {
  if (v.sb_count == 0) return;
  const entry = entryAt(v, 0);
  physStore(load<u32>(entry), load<u32>(entry, 4), load<u64>(entry, 8));
  // Drained entries are zeroed, so that equal states have equal bytes.
  memory.fill(entry, 0, SB_ENTRY_BYTES);
  v.sb_count -= 1;
  if (v.sb_locked) v.sb_locked -= 1;
  v.sb_first = v.sb_count == 0 ? 0 : (v.sb_first + 1) % SB_ENTRIES;
}

export function sbDrainAll(v: Vcpu): void {
  while (v.sb_count != 0) sbDrainOne(v);
}

/** The host half's lock is released here: what waits now is visible before anybody else takes it. */
export function sbMarkLocked(v: Vcpu): void {
  v.sb_locked = v.sb_count;
}

/** Somebody else takes the lock. */
export function sbDrainLocked(v: Vcpu): void {
  while (v.sb_locked != 0) sbDrainOne(v);
}

/** Drains from the oldest until nothing waits for these bytes: what a locked step on them needs at least. */
export function sbDrainOverlap(v: Vcpu, ma: u32, size: u32): void {
  let last: u32 = 0;
  for (let i: u32 = 0, n = v.sb_count; i < n; i++) {
    const at = load<u32>(entryAt(v, i));
    if (at < ma + size && ma < at + load<u32>(entryAt(v, i), 4)) last = i + 1;
  }
  while (last-- != 0) sbDrainOne(v);
}

/** Address of the i-th oldest store: for traces and searches. */
export function sbAddress(v: Vcpu, i: u32): u32 {
  return load<u32>(entryAt(v, i));
}
