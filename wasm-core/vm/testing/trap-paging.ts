// Shadow tables of the trap-and-emulate test host: one root per vCPU, filled from the guest's tables on demand, emptied on every flush.
import { frames, get, load64, owner, param, set, store64, tlb } from "./host-imports";

const HW_ROOT: i32 = 0x50;
const CR3: i32 = 0x32;
const FRAME: i64 = 0x000ffffffffff000;
/** Host frames of each vCPU's tables. */
const POOL: i32 = 12;
/** Bits of a page fault's error code. */
const WRITE: i64 = 2;
const USER: i64 = 4;
const used: StaticArray<i32> = [0, 0, 0, 0, 0, 0, 0, 0];

/** Frame i of a vCPU's pool: host frames lie behind the guest's. */
function poolFrame(vcpu: i32, i: i32): i64 {
  return (param(1) + (vcpu * POOL + i)) << 12;
}

function fresh(vcpu: i32): i64 {
  const at = poolFrame(vcpu, used[vcpu]++);
  for (let i = 0; i < 512; i++) if (load64(at + i * 8)) store64(at + i * 8, 0);
  return at;
}

/** Empties a vCPU's tables. */
export function forget(vcpu: i32): void {
  used[vcpu] = 0;
  set(vcpu, HW_ROOT, fresh(vcpu));
  tlb(vcpu, 0, 0, 0);
}

/** The guest's last-level entry of va with the permissions of all levels, 0 if it is not mapped. A is set, D for a write. */
function walk(vcpu: i32, va: i64, error: i64): i64 {
  const write = (error & WRITE) != 0;
  let table = get(vcpu, CR3) & FRAME;
  let entry: i64 = 0;
  for (let level = 4; level >= 1; level--) {
    const at = table + (((va >> (3 + 9 * level)) & 511) << 3);
    entry = load64(at);
    if (!(entry & 1) || (write && !(entry & 2)) || (error & USER && !(entry & 4))) return 0;
    const bits: i64 = level == 1 && write ? 0x60 : 0x20;
    if ((entry & bits) != bits) store64(at, entry | bits);
    table = entry & FRAME;
  }
  return write ? entry : entry & ~2;
}

/** Maps va in the shadow as the guest's tables do; false if they do not. */
export function fill(vcpu: i32, va: i64, error: i64): bool {
  const leaf = walk(vcpu, va, error);
  if (!leaf || (leaf & FRAME) >> 12 >= param(1)) return false;
  enterLeaf(vcpu, va, leaf | 0x60);
  return true;
}

function enterLeaf(vcpu: i32, va: i64, leaf: i64): void {
  if (used[vcpu] > POOL - 4) forget(vcpu);
  let table = get(vcpu, HW_ROOT);
  for (let level = 4; level > 1; level--) {
    const at = table + (((va >> (3 + 9 * level)) & 511) << 3);
    if (!(load64(at) & 1)) store64(at, fresh(vcpu) | 0x27);
    table = load64(at) & FRAME;
  }
  store64(table + (((va >> 12) & 511) << 3), leaf);
  tlb(vcpu, 2, va, 0);
}

/** Breaks isolation: 0 its own frame writable, 1 somebody else's read-only, 2 the root writable. 3 does not: its own frame read-only. */
export function misplace(vcpu: i32, how: i32): void {
  const wanted = how == 1 ? 2 : 0;
  let mfn = 0;
  while (owner(mfn) != wanted || ((mfn as i64) << 12) == get(vcpu, HW_ROOT)) mfn++;
  const frame = how == 2 ? get(vcpu, HW_ROOT) : (mfn as i64) << 12;
  enterLeaf(vcpu, 0x7000_0000_0000, frame | (how == 0 || how == 2 ? 0x67 : 0x65));
}

/** Machine address of a va of the guest; 0 if it is not mapped. */
export function physical(vcpu: i32, va: i64): i64 {
  const leaf = walk(vcpu, va, 0);
  return leaf ? (leaf & FRAME) | (va & 0xfff) : 0;
}

/** The word at a va of the guest; 0 if it is not mapped. */
export function read(vcpu: i32, va: i64): i64 {
  const at = physical(vcpu, va);
  return at ? load64(at) : 0;
}
