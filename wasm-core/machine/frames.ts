// Machine memory by frame. Addresses (ma) count from 0; whatever lies beyond the last frame reads as all ones.
//
//   N, E, F:  | guest frames 0 … pages−1 | host frames | foreign frames |     S, D: the same frames in a seeded scrambled order
import { hotAlloc, immutableAlloc, markDirty, pagedAlloc } from "../memory/arena";
import { config, FOREIGN_PAGES, Kind } from "./config";

/** Owner of a frame, as host.owner answers. */
export const enum Owner {
  HOST = 0,
  GUEST = 1,
  FOREIGN = 2,
}

/** A machine address at which nothing answers. */
export const NOWHERE: u32 = 0xffff_f000;

let memoryStart: usize = 0;
let frames: u32 = 0;
/** u8 per frame; hot, since host.assign changes it. */
let owners: usize = 0;
/** u16 per guest frame: its mfn. */
let guestFrames: usize = 0;

/** Lays out all frames; false when memory is used up. */
export function framesCreate(): bool {
  frames = config.pages + config.host_pages + FOREIGN_PAGES;
  memoryStart = pagedAlloc(<usize>frames << 12);
  owners = hotAlloc(frames);
  guestFrames = immutableAlloc(<usize>config.pages << 1);
  const order = immutableAlloc(<usize>frames << 1);
  if (!memoryStart || !owners || !guestFrames || !order) return false;
  for (let i: u32 = 0; i < frames; i++) store<u16>(order + (i << 1), <u16>i);
  if (config.kind == <u32>Kind.SHADOW || config.kind == <u32>Kind.DIRECT) scramble(order);
  for (let i: u32 = 0; i < frames; i++) {
    const mfn = load<u16>(order + (i << 1));
    const owner = i < config.pages ? Owner.GUEST : i < config.pages + config.host_pages ? Owner.HOST : Owner.FOREIGN;
    store<u8>(owners + mfn, <u8>owner);
    if (owner == Owner.GUEST) store<u16>(guestFrames + (i << 1), mfn);
    if (owner == Owner.FOREIGN) fillCanary(mfn);
  }
  return true;
}

/** splitmix64: one step of a generator whose state is the argument. */
export function mix(state: u64): u64 {
  let z = state + 0x9e37_79b9_7f4a_7c15;
  z = (z ^ (z >> 30)) * 0xbf58_476d_1ce4_e5b9;
  z = (z ^ (z >> 27)) * 0x94d0_49bb_1331_11eb;
  return z ^ (z >> 31);
}

/** Fisher–Yates over the u16 table, from the boot seed. */
function scramble(order: usize): void {
  for (let i = frames - 1; i > 0; i--) {
    const j = <u32>(mix(config.seed ^ i) % (i + 1));
    const other = load<u16>(order + (j << 1));
    store<u16>(order + (j << 1), load<u16>(order + (i << 1)));
    store<u16>(order + (i << 1), other);
  }
}

function canaryWord(ma: u32): u64 {
  return mix(config.seed ^ 0xcafe_0000_0000_0000 ^ ma);
}

function fillCanary(mfn: u32): void {
  for (let ma = mfn << 12, end = ma + 4096; ma < end; ma += 8) physStore(ma, 8, canaryWord(ma));
}

/** False if anybody wrote into a FOREIGN frame. */
export function canaryIntact(): bool {
  for (let mfn: u32 = 0; mfn < frames; mfn++) {
    if (frameOwner(mfn) != Owner.FOREIGN) continue;
    for (let ma = mfn << 12, end = ma + 4096; ma < end; ma += 8) if (physLoad(ma, 8) != canaryWord(ma)) return false;
  }
  return true;
}

export function frameCount(): u32 {
  return frames;
}

/** Bytes of machine memory; addresses from here on are NOWHERE. */
export function machineBytes(): u32 {
  return frames << 12;
}

/** Core address of machine address 0: for hashing and tests. */
export function machineMemory(): usize {
  return memoryStart;
}

/** Owner of a frame; FOREIGN for frames that do not exist. */
export function frameOwner(mfn: u64): u32 {
  return mfn < frames ? load<u8>(owners + <usize>mfn) : Owner.FOREIGN;
}

/** Moves a frame between HOST and GUEST: 0, or −1 EINVAL, −4 EPERM for foreign frames. */
export function frameAssign(mfn: u64, owner: u32): i32 {
  if (mfn >= frames || owner > <u32>Owner.GUEST) return -1;
  if (frameOwner(mfn) == Owner.FOREIGN) return -4;
  store<u8>(owners + <usize>mfn, <u8>owner);
  return 0;
}

/** mfn of the i-th guest frame, i < config.pages. */
@inline
export function guestFrame(i: u32): u32 {
  return load<u16>(guestFrames + (i << 1));
}

/** The size bytes at ma, little-endian, zero-extended; size 1 to 8. Past all buffers. */
export function physLoad(ma: u32, size: u32): u64 {
  if (<u64>ma + size > <u64>frames << 12) return ~(<u64>0) >> (64 - (size << 3));
  const at = memoryStart + ma;
  if (size == 8) return load<u64>(at);
  if (size == 4) return load<u32>(at);
  if (size == 2) return load<u16>(at);
  let value: u64 = 0;
  for (let i = size; i > 0; i--) value = (value << 8) | load<u8>(at + i - 1);
  return value;
}

/** Writes the low size bytes of value at ma, visible to everybody at once; nowhere, nothing happens. */
export function physStore(ma: u32, size: u32, value: u64): void {
  if (<u64>ma + size > <u64>frames << 12) return;
  const at = memoryStart + ma;
  markDirty(at);
  markDirty(at + size - 1);
  if (size == 8) store<u64>(at, value);
  else if (size == 4) store<u32>(at, <u32>value);
  else if (size == 2) store<u16>(at, <u16>value);
  else for (let i: u32 = 0; i < size; i++) store<u8>(at + i, <u8>(value >> (i << 3)));
}
