// Who touched which 8 bytes of machine memory, learnt over all schedules of a unit: only conflicting accesses are worth a choice.
//
//   cell (u32) per 8 bytes: | readers 15:0 | writers 31:16 |   bit v = vCPU v in guest mode, bit 8 + v = host half on CPU v
//   page table: u16 per frame, 1 + block of 512 cells; blocks are handed out as frames are touched
import { immutableAlloc } from "../memory/arena";
import { frameCount } from "../machine/frames";
import { sbAddress, sbCount } from "../machine/storebuffer";
import { Vcpu } from "../machine/vcpu";
import { FLAG_STEAL, unitFlags } from "./config";

const BLOCKS_MAX: u32 = 128;
const BLOCK_BYTES: u32 = 2048;
/** Of a line that is not tracked: everybody reads and writes it. */
const EVERYBODY: u32 = 0xffff_ffff;

/** Counts lines that became shared by an access: the set of worthwhile choices has grown. */
export let linesGrown: u32 = 0;
let table: usize = 0;
let blocks: usize = 0;
let used: u32 = 0;

export function linesCreate(): bool {
  table = immutableAlloc(frameCount() << 1);
  blocks = immutableAlloc(BLOCKS_MAX * BLOCK_BYTES);
  return table != 0 && blocks != 0;
}

/** A new unit: nothing is known. */
export function linesForget(): void {
  memory.fill(table, 0, frameCount() << 1);
  memory.fill(blocks, 0, used * BLOCK_BYTES);
  used = 0;
  linesGrown = 0;
  tableCount = 0;
  sharedTables = 0;
}

/** Bit per CPU: deliveries to it read a line that others write. Settled when a search begins. */
let sharedTables: u32 = 0;
/** Lines that deliveries read: | machine address u32 | CPU u32 |, and how many. */
const TABLE_LINES_MAX: u32 = 64;
const tableLines: usize = memory.data(512, 4);
let tableCount: u32 = 0;

/** A delivery to this CPU reads the line. */
export function tableTouch(ma: u32, cpu: u32): void {
  lineTouch(ma, 1 << cpu, false);
  for (let i: u32 = 0; i < tableCount; i++) {
    if (load<u32>(tableLines + (i << 3)) >>> 3 == ma >>> 3 && load<u32>(tableLines + (i << 3), 4) == cpu) return;
  }
  if (tableCount == TABLE_LINES_MAX) return;
  store<u32>(tableLines + (tableCount << 3), ma);
  store<u32>(tableLines + (tableCount << 3), cpu, 4);
  tableCount += 1;
  if (lineConflicts(ma, 0x101 << cpu, false)) linesGrown += 1;
}

/** A search begins, or starts over, with what is known by now. */
export function tablesSettle(): void {
  sharedTables = 0;
  for (let i: u32 = 0; i < tableCount; i++) {
    const cpu = load<u32>(tableLines + (i << 3), 4);
    if (lineConflicts(load<u32>(tableLines + (i << 3)), 0x101 << cpu, false)) sharedTables |= 1 << cpu;
  }
}

@inline
export function tablesShared(cpu: u32): bool {
  return ((sharedTables >> cpu) & 1) != 0;
}

/** Address of the cell of a machine address, 0 = not tracked. */
function cellOf(ma: u32): usize {
  const frame = ma >>> 12;
  if (frame >= frameCount()) return 0;
  const entry = table + (frame << 1);
  if (!load<u16>(entry)) {
    if (used == BLOCKS_MAX) return 0;
    used += 1;
    store<u16>(entry, <u16>used);
  }
  return blocks + (load<u16>(entry) - 1) * BLOCK_BYTES + (((ma >>> 3) & 511) << 2);
}

/** Notes an access by an agent (bit of the cell). */
export function lineTouch(ma: u32, agent: u32, isWrite: bool): void {
  const cell = cellOf(ma);
  if (!cell) return;
  const before = load<u32>(cell);
  const after = before | (isWrite ? agent | (agent << 16) : agent);
  if (after == before) return;
  store<u32>(cell, after);
  if (isShared(after) && !isShared(before)) linesGrown += 1;
}

/** Written by somebody, and touched by more than one CPU or, where steals can come between them, by guest and host of one CPU. */
function isShared(cell: u32): bool {
  let touched = (cell | (cell >>> 16)) & 0xffff;
  if (!(unitFlags() & FLAG_STEAL)) touched = (touched | (touched >>> 8)) & 0xff;
  return cell >>> 16 != 0 && (touched & (touched - 1)) != 0;
}

/** Whether accesses by others than `mine` (bits) conflict with an access at ma. */
export function lineConflicts(ma: u32, mine: u32, isWrite: bool): bool {
  const cell = cellOf(ma);
  const known = cell ? load<u32>(cell) : EVERYBODY;
  const others = isWrite ? known | (known >>> 16) : known >>> 16;
  return (others & 0xffff & ~mine) != 0;
}

/** Whether a store that waits in v's buffer conflicts with accesses by others. */
export function bufferConflicts(v: Vcpu, mine: u32): bool {
  for (let i: u32 = 0, n = sbCount(v); i < n; i++) if (lineConflicts(sbAddress(v, i), mine, true)) return true;
  return false;
}

/** Whether a store that waits in v's buffer is to the line of ma. */
export function bufferHolds(v: Vcpu, ma: u32): bool {
  for (let i: u32 = 0, n = sbCount(v); i < n; i++) if (sbAddress(v, i) >>> 3 == ma >>> 3) return true;
  return false;
}

/** Whether a store that waits in v's buffer is to this frame. */
export function bufferHoldsFrame(v: Vcpu, frame: u32): bool {
  for (let i: u32 = 0, n = sbCount(v); i < n; i++) if (sbAddress(v, i) >>> 12 == frame) return true;
  return false;
}

/** Whether stores to the same line wait in both buffers. */
export function buffersMeet(a: Vcpu, b: Vcpu): bool {
  for (let i: u32 = 0, n = sbCount(a); i < n; i++) if (bufferHolds(b, sbAddress(a, i))) return true;
  return false;
}
