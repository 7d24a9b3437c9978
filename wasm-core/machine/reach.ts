// What guests can reach: every translation that a live root or a TLB gives them, against the owners of frames.
//
//   live roots: HW_ROOT of every vCPU in S, D and F; SLAT_ROOT where it is set (SLAT_ROOT 0 maps guest frames only: second-level.ts)
// A frame that a live root uses as a table may not be reached for writing, nor may a HOST frame; a FOREIGN frame not at all.
import { config, Kind } from "./config";
import { frameCount, frameOwner, machineBytes, machineMemory, Owner } from "./frames";
import { PTE_FRAME, PTE_P, PTE_PS, PTE_W } from "./paging";
import { SLAT_MISS, toMachine } from "./second-level";
import { sbLoad } from "./storebuffer";
import { TLB_VALID, TLB_W } from "./tlb";
import { Runstate, TLB_ENTRY_BYTES, TLB_SETS, TLB_WAYS, tlbOf, Vcpu, vcpuAt } from "./vcpu";
import { DIRTY } from "../memory/arena";

const FRAMES_MAX: u32 = 4096;
const SECOND_LEVEL_PRESENT: u64 = 7;
const CR0_WP: u64 = 1 << 16;

/** Per frame: bit level − 1 = walked as a table of that level by a writable path, bit level + 3 = by a read-only one. */
const walked: usize = memory.data(4096, 8);
/** Per frame: 1 = a table of a live root. And their list, u16 each. */
const isTable: usize = memory.data(4096, 8);
const tableList: usize = memory.data(8192, 8);
let tableCount: u32 = 0;

/** Kinds of violations. */
export const enum Reach {
  NONE = 0,
  /** A page table can be written. */
  TABLE = 1,
  HOST = 2,
  FOREIGN = 3,
}

/** The violation found: its kind, vCPU, frame and virtual (or guest-physical) address. */
export let reachVcpu: u32 = 0;
export let reachFrame: u32 = 0;
export let reachAddress: u64 = 0;
/** 1 = it is in the vCPU's TLB, not in tables. */
export let reachInTlb: bool = false;
let found: u32 = Reach.NONE;

/** Roots and owners of the walk that is remembered: while no table of it is written, it need not be walked again. */
let remembered: u64 = 0;
let checking: bool = false;

/** Forgets the last walk: another machine. */
export function reachForget(): void {
  remembered = 0;
}

/** The first violation of any vCPU's translations. */
export function reachAudit(): u32 {
  found = Reach.NONE;
  const key = rootsKey();
  if (remembered != key || !tablesClean()) {
    remembered = 0;
    walkAll();
    if (found) return found;
    if (tablesClean()) remembered = key;
  }
  for (let i: u32 = 0; i < config.vcpus && !found; i++) auditTlb(vcpuAt(i));
  return found;
}

@inline
function mixed(hash: u64, value: u64): u64 {
  return rotl<u64>(hash ^ value, 29) * 0xbf58_476d_1ce4_e5b9;
}

/** Hash of what the walk starts from; never 0. */
function rootsKey(): u64 {
  let hash: u64 = 1;
  for (let i: u32 = 0; i < config.vcpus; i++) {
    const v = vcpuAt(i);
    hash = mixed(mixed(mixed(hash, v.hw_root), v.slat_root), isLive(v) ? 1 + (v.cr0 & CR0_WP) : 0);
  }
  for (let mfn: u32 = 0; mfn < frameCount(); mfn++) hash = mixed(hash, frameOwner(mfn));
  return hash | 1;
}

@inline
function isLive(v: Vcpu): bool {
  return v.runstate != Runstate.OFF && v.runstate != Runstate.WAIT_SIPI;
}

/** Whether no table of the last walk was written since the snapshot. */
function tablesClean(): bool {
  for (let i: u32 = 0; i < tableCount; i++) {
    const page = machineMemory() + (<usize>load<u16>(tableList + (i << 1)) << 12);
    if (load<u8>(DIRTY + (page >>> 12))) return false;
  }
  return true;
}

function walkAll(): void {
  memory.fill(isTable, 0, FRAMES_MAX);
  tableCount = 0;
  checking = false;
  walkRoots();
  checking = true;
  walkRoots();
}

function walkRoots(): void {
  memory.fill(walked, 0, FRAMES_MAX);
  for (let i: u32 = 0; i < config.vcpus && !found; i++) {
    const v = vcpuAt(i);
    if (!isLive(v)) continue;
    reachVcpu = i;
    if (v.slat_root) walkSecond(v, <u32>v.slat_root, 4, 0, true);
    if (!v.root_is_hw || !v.hw_root) continue;
    const root = toMachine(v, v.hw_root & PTE_FRAME, 0, true);
    if (root < machineBytes()) walkTable(v, root, 4, 0, true);
  }
}

/** Marks the table; false if it was walked before with at least these rights. */
function enter(table: u32, level: u32, writable: bool): bool {
  const mfn = table >> 12;
  if (!load<u8>(isTable + mfn)) {
    store<u8>(isTable + mfn, 1);
    store<u16>(tableList + (tableCount << 1), <u16>mfn);
    tableCount += 1;
  }
  const bits = load<u8>(walked + mfn);
  const mine: u8 = 1 << <u8>(writable ? level - 1 : level + 3);
  if (bits & (mine | (1 << <u8>(level - 1)))) return false;
  store<u8>(walked + mfn, bits | mine);
  return true;
}

function walkTable(v: Vcpu, table: u32, level: u32, va: u64, writable: bool): void {
  if (!enter(table, level, writable)) return;
  // In D the kernel is at CPL 3, where CR0.WP makes no difference.
  const ignoresWrite = (v.cr0 & CR0_WP) == 0 && config.kind != <u32>Kind.DIRECT;
  for (let i: u32 = 0; i < 512 && !found; i++) {
    const entry = sbLoad(v, table + i * 8, 8);
    if (!(entry & PTE_P)) continue;
    const mayWrite = writable && (ignoresWrite || (entry & PTE_W) != 0);
    const address = va | (<u64>i << (3 + 9 * level));
    if (level == 1 || (level < 4 && (entry & PTE_PS) != 0)) {
      if (checking) leaf(v, entry & PTE_FRAME, level, address, mayWrite);
      continue;
    }
    const next = toMachine(v, entry & PTE_FRAME, 0, true);
    if (next < machineBytes()) walkTable(v, next, level - 1, address, mayWrite);
  }
}

/** A leaf maps 1, 512 or 262144 frames from a physical address on. */
function leaf(v: Vcpu, physical: u64, level: u32, va: u64, writable: bool): void {
  const bytes: u64 = <u64>1 << (3 + 9 * level);
  const first = physical & ~(bytes - 1);
  for (let offset: u64 = 0; offset < bytes && first + offset < <u64>machineBytes() && !found; offset += 4096) {
    const ma = toMachine(v, first + offset, writable ? 1 : 0, true);
    if (ma != SLAT_MISS) judge(ma, va + offset, writable);
  }
}

function walkSecond(v: Vcpu, table: u32, level: u32, gpa: u64, writable: bool): void {
  if (table >= machineBytes() || !enter(table, level, writable)) return;
  for (let i: u32 = 0; i < 512 && !found; i++) {
    const entry = sbLoad(v, table + i * 8, 8);
    if (!(entry & SECOND_LEVEL_PRESENT)) continue;
    const mayWrite = writable && (entry & 2) != 0;
    const address = gpa | (<u64>i << (3 + 9 * level));
    if (level == 1 || (level < 4 && (entry & 0x80) != 0)) {
      const bytes: u64 = <u64>1 << (3 + 9 * level);
      const first = entry & PTE_FRAME & ~(bytes - 1);
      if (!checking) continue;
      for (let offset: u64 = 0; offset < bytes && first + offset < <u64>machineBytes() && !found; offset += 4096) judge(<u32>(first + offset), address + offset, mayWrite);
    } else walkSecond(v, <u32>(entry & PTE_FRAME), level - 1, address, mayWrite);
  }
}

/** Whether a guest may reach this frame like that. */
function judge(ma: u32, address: u64, writable: bool): void {
  if (ma >= machineBytes()) return;
  const mfn = ma >> 12;
  const owner = frameOwner(mfn);
  if (owner == Owner.FOREIGN) found = Reach.FOREIGN;
  else if (writable && owner == Owner.HOST) found = Reach.HOST;
  else if (writable && load<u8>(isTable + mfn)) found = Reach.TABLE;
  if (!found) return;
  reachFrame = mfn;
  reachAddress = address;
  reachInTlb = false;
}

/** What a vCPU in guest mode remembers it may use at once; others are flushed, or are not, before they enter. */
function auditTlb(v: Vcpu): void {
  if (v.runstate != Runstate.GUEST && v.runstate != Runstate.HALTED) return;
  const end = tlbOf(v) + TLB_SETS * TLB_WAYS * TLB_ENTRY_BYTES;
  for (let entry = tlbOf(v); entry < end && !found; entry += TLB_ENTRY_BYTES) {
    const flags = load<u32>(entry, 12);
    if (!(flags & TLB_VALID)) continue;
    judge(load<u32>(entry, 8), <u64>(<i64>(load<u64>(entry) >> 28 << 28) >> 16), (flags & TLB_W) != 0);
  }
  if (!found) return;
  reachVcpu = v.index;
  reachInTlb = true;
}
