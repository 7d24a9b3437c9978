/** rule.processor.3: tables of the guest's, however they are built, shared and written. */

import * as machine from "../../sdk/as/machine";
import * as C from "../generated/clauses";
import { exception, PF, raised, recordExceptions } from "../lib/exceptions";
import { holds, same } from "../lib/expect";
import { taken } from "../lib/interrupts";
import { direct, FRAME_DATA, FRAME_REGION, FRAME_SECOND, frame } from "../lib/memory";
import { bootRoot, content, entry, leaf, page, place, put, secondRoot, touch, USER } from "../lib/paging";

const DIRTY: i64 = 0x40;
const LARGE: i64 = 0x80;
const TABLE: i64 = 0x23;
/** Tables that one case uses; pages of the region from the first one on that no case maps; turns of another case. */
const MANY: i32 = 128;
const ABSENT: i32 = 48;
const FIRST_ABSENT: i64 = 96;
const TURNS: i32 = 130;
const PAGE: i64 = 4096;
/** Bytes that one entry of a directory and a directory pointer table maps. */
const DIRECTORY_SPAN: i64 = 1 << 21;
const POINTER_SPAN: i64 = 1 << 30;

function loads(clause: i32, va: i64, want: i64): void {
  machine.load64(va);
  same(clause, "exception of a load", raised(), want);
}

function shows(clause: i32, i: i32, n: i32): void {
  machine.invlpg(page(i));
  same(clause, "content of a page whose entry was written", touch(i), content(n));
}

const copied: usize = memory.data(16, 8);

/** An entry is written in use, by stores and locked operations of every size, at every address in it. */
export function processor_table_writes(): void {
  const clause = C.rule_processor_3;
  recordExceptions();
  place(54, 0);
  place(55, 1);
  touch(54);
  touch(55);
  const at = entry(54);
  const lock = machine.LOCK;
  const step: i64 = 0x1000;
  const second = frame(FRAME_DATA + 2);
  machine.store8(at + 1, <i32>(second >> 8) & 0xff);
  shows(clause, 54, 2);
  machine.store16(at + 1, <i32>((second + step) >> 8) & 0xffff);
  shows(clause, 54, 3);
  machine.store32(at, <i32>leaf(4));
  shows(clause, 54, 4);
  machine.store64(at, leaf(5));
  shows(clause, 54, 5);
  same(clause, "what an addition found", machine.rmw(machine.RMW_ADD | machine.SIZE_64 | lock, at, step), leaf(5));
  shows(clause, 54, 6);
  same(clause, "what a byte's addition found", machine.rmw(machine.RMW_ADD | machine.SIZE_8 | lock, at + 1, 0x10), (leaf(6) >> 8) & 0xff);
  shows(clause, 54, 7);
  machine.rmw(machine.RMW_ADD | machine.SIZE_16 | lock, at, -0x1000);
  shows(clause, 54, 6);
  machine.rmw(machine.RMW_XCHG | machine.SIZE_32, at, leaf(1));
  shows(clause, 54, 1);
  same(clause, "what an exchange found", machine.rmw(machine.RMW_XCHG | machine.SIZE_64, at, leaf(2)), leaf(1));
  shows(clause, 54, 2);
  same(clause, "what a compare that failed found", machine.cmpxchg(machine.SIZE_64 | lock, at, leaf(1), leaf(3)), leaf(2));
  shows(clause, 54, 2);
  same(clause, "what a compare found", machine.cmpxchg(machine.SIZE_64 | lock, at, leaf(2), leaf(3)), leaf(2));
  shows(clause, 54, 3);
  machine.cmpxchg(machine.SIZE_16 | lock, at, <i64>(<i32>leaf(3) & 0xffff), <i64>(<i32>leaf(4) & 0xffff));
  shows(clause, 54, 4);
  machine.rmw(machine.RMW_ADD | machine.SIZE_64, at, step);
  shows(clause, 54, 5);
  machine.rmw(machine.RMW_BTR | machine.SIZE_64 | lock, at, 0);
  machine.invlpg(page(54));
  loads(clause, page(54), exception(PF));
  machine.rmw(machine.RMW_BTS | machine.SIZE_64 | lock, at, 0);
  shows(clause, 54, 5);
  // Two entries at once, across both, and a row of them.
  touch(55);
  machine.store64(at + 4, (leaf(6) << 32) | (leaf(5) >> 32));
  shows(clause, 54, 5);
  shows(clause, 55, 6);
  machine.fill(at, leaf(7), 2);
  shows(clause, 54, 7);
  shows(clause, 55, 7);
  store<i64>(copied, leaf(1));
  store<i64>(copied, leaf(2), 8);
  machine.copy_out(<i32>copied, at, 16);
  shows(clause, 54, 1);
  shows(clause, 55, 2);
  same(clause, "exceptions besides", raised(), 0);
}

/** The table of the region through a page of the region: its mapping must not outlive its use as a table, and the table is memory. */
export function processor_table_alias(): void {
  const clause = C.rule_processor_3;
  recordExceptions();
  const spare = frame(FRAME_REGION + 3);
  // A page of data at first, written through its younger mapping.
  machine.load64(direct(spare));
  put(56, spare | 0x63);
  machine.store64(page(56) + 57 * 8, leaf(1));
  const directory = direct(frame(FRAME_REGION + 1));
  const old = machine.load64(directory);
  machine.store64(directory + 24, spare | TABLE);
  const through = page(0) + 3 * DIRECTORY_SPAN + 57 * 4096;
  same(clause, "content under a table that was data", machine.load64(through), content(1));
  for (let n = 2; n < 5; n++) {
    machine.store64(page(56) + 57 * 8, leaf(n));
    machine.invlpg(through);
    same(clause, "content after a store through the mapping of the table", machine.load64(through), content(n));
  }
  same(clause, "the entry, through its mapping", machine.load64(page(56) + 57 * 8), leaf(4));
  // A store that begins on the page before and ends in the table's first entry.
  place(55, 0);
  machine.store64(direct(spare), leaf(5));
  const base = page(0) + 3 * DIRECTORY_SPAN;
  same(clause, "content of the first page", machine.load64(base), content(5));
  machine.store64(page(56) - 4, leaf(6) << 32);
  machine.invlpg(base);
  same(clause, "content after a store across the table's beginning", machine.load64(base), content(6));
  same(clause, "the page before it", machine.load32(page(56) - 4), 0);
  // Data again.
  machine.store64(directory + 24, 0);
  machine.invlpg(base);
  machine.store64(page(56) + 8, 7);
  same(clause, "a word of what is data again", machine.load64(page(56) + 8), 7);
  loads(clause, base, exception(PF));
  same(clause, "the entry of the region's own table", machine.load64(directory), old);
}

/** Root entry 404 is the root itself: one table is used at all four levels. */
export function processor_tables_of_themselves(): void {
  const clause = C.rule_processor_3;
  recordExceptions();
  const slot: i64 = 404;
  const root = bootRoot();
  machine.store64(direct(root) + slot * 8, root | TABLE | USER);
  const top: i64 = 0xffff000000000000 | (slot << 39);
  const pointers = top | (slot << 30);
  const directories = pointers | (slot << 21);
  const roots = directories | (slot << 12);
  same(clause, "the root's own entry, through itself", machine.load64(roots + slot * 8) & ~DIRTY, root | TABLE | USER);
  same(clause, "the root's entry of the region", machine.load64(roots + 402 * 8), machine.load64(direct(root) + 402 * 8));
  place(57, 1);
  touch(57);
  const leafAt = top | (402 << 30) | 57 * 8;
  same(clause, "a leaf, through the root", machine.load64(leafAt), leaf(1));
  machine.store64(leafAt, leaf(2));
  shows(clause, 57, 2);
  // A new entry of the root written through the root.
  machine.store64(roots + 403 * 8, frame(FRAME_REGION) | TABLE);
  same(clause, "content under the new entry", machine.load64(page(57) + (POINTER_SPAN << 9)), content(2));
  machine.store64(roots + 403 * 8, 0);
  machine.invlpg(page(57) + (POINTER_SPAN << 9));
  loads(clause, page(57) + (POINTER_SPAN << 9), exception(PF));
  machine.store64(direct(root) + slot * 8, 0);
}

/**
 * More tables than any shadow holds: each 2 MiB of a large page is one, touched at another place in it. What was there before
 * still is, and what was absent still is: nothing of a table comes back in the one that takes its place.
 */
export function processor_many_tables(): void {
  const clause = C.rule_processor_3;
  recordExceptions();
  place(58, 3);
  touch(58);
  const pointer = direct(frame(FRAME_REGION)) + 8;
  machine.store64(pointer, 0x3 | LARGE);
  const base = page(0) + POINTER_SPAN;
  const data = frame(FRAME_DATA + 4);
  for (let i: i64 = 0; i < MANY; i++) {
    machine.load64(base + i * (DIRECTORY_SPAN + PAGE) + FIRST_ABSENT * PAGE);
    if ((i & 31) !== 31) continue;
    same(clause, "content in a page of 1 GiB", machine.load64(base + data), content(4));
    same(clause, "content of another page", touch(58), content(3));
    put(58, leaf(<i32>i >> 5));
    same(clause, "content of the page whose entry was written", touch(58), content(<i32>i >> 5));
    put(58, leaf(3));
  }
  for (let i = 0; i < ABSENT; i++) loads(clause, page(<i32>FIRST_ABSENT + i), exception(PF));
  machine.store64(pointer, 0);
  machine.invlpg(base);
  machine.invlpg(base + data);
  loads(clause, base + data, exception(PF));
  loads(clause, base, exception(PF));
}

/** A table is built, used and taken away again and again; while it is none, its entry is written. */
export function processor_many_turns(): void {
  const clause = C.rule_processor_3;
  recordExceptions();
  const spare = frame(FRAME_REGION + 3);
  const directory = direct(frame(FRAME_REGION + 1)) + 24;
  const base = page(0) + 3 * DIRECTORY_SPAN;
  machine.store64(direct(spare) + 8, leaf(1));
  for (let turn = 0; turn < TURNS; turn++) {
    const absent = turn % 8 === 7;
    machine.store64(direct(spare), absent ? 0 : leaf(turn & 3));
    machine.store64(directory, spare | TABLE);
    same(clause, "content of the table's other page", machine.load64(base + PAGE), content(1));
    const seen = machine.load64(base);
    same(clause, "exception of a load under the table", raised(), absent ? exception(PF) : 0);
    if (!absent) same(clause, "content under the table", seen, content(turn & 3));
    machine.store64(directory, 0);
    machine.invlpg(base);
    machine.invlpg(base + PAGE);
  }
  loads(clause, base, exception(PF));
}

/** Roots that come and go: loaded, written, left, used as data. */
export function processor_many_roots(): void {
  const clause = C.rule_processor_3;
  recordExceptions();
  const boot = bootRoot();
  const other = direct(secondRoot());
  place(59, 1);
  touch(59);
  const second = direct(frame(FRAME_SECOND + 3)) + 59 * 8;
  for (let turn = 0; turn < 4; turn++) {
    machine.store64(second, leaf(turn + 2));
    machine.write_cr(3, secondRoot());
    same(clause, "content under the second root", touch(59), content(turn + 2));
    machine.store64(second, leaf(turn));
    machine.invlpg(page(59));
    same(clause, "content under the second root after a store", touch(59), content(turn));
    machine.write_cr(3, boot);
    same(clause, "content under the first root", touch(59), content(1));
    for (let i: i64 = 0; turn < 3 && i < 4; i++) machine.store64(other + (405 + i) * 8, 0);
  }
  // Its entry for the region goes while nobody uses it, and comes back while somebody does.
  const slot = other + 402 * 8;
  const value = machine.load64(slot);
  machine.store64(slot, 0);
  machine.write_cr(3, secondRoot());
  loads(clause, page(59), exception(PF));
  machine.store64(slot, value);
  same(clause, "content under the second root", touch(59), content(3));
  machine.write_cr(3, boot);
}
