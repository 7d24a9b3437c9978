// From the addresses that page tables hold to machine addresses.
//
//   SLAT_ROOT 0: guest frame i of the linear map is guestFrame(i), while the guest owns it.
//   else: a 4-level table of entries | 0 read | 1 write | 2 execute | 7 large | 8 accessed | 9 dirty | frame 39:12 |
import { config, Kind } from "./config";
import { frameOwner, guestFrame, machineBytes, NOWHERE, Owner, physStore } from "./frames";
import { IMPLICIT_WRITE, implicitNote } from "./implicit";
import { Access, PTE_FRAME } from "./paging";
import { sbDrainOverlap, sbLoad } from "./storebuffer";
import { Vcpu } from "./vcpu";

/** An address that the second level does not map: leaving guest mode with SLAT is due. */
export const SLAT_MISS: u32 = 0xffff_ffff;

@inline
export function hasSecondLevel(v: Vcpu): bool {
  return config.kind == <u32>Kind.ENLIGHTENED || v.slat_root != 0;
}

/** The last toMachine that was no probe has set A or D of an entry, a locked step of the walk, and answered SLAT_MISS: once more. */
export let secondLevelStepped: bool = false;

/** Machine address of a physical address that a table, CR3 or a root holds; NOWHERE without memory, SLAT_MISS if unmapped. */
export function toMachine(v: Vcpu, physical: u64, access: u32, probe: bool): u32 {
  secondLevelStepped = false;
  if (hasSecondLevel(v)) {
    if (v.slat_root) return walkSecondLevel(v, physical, access, probe);
    if (physical >> 12 >= config.pages) return SLAT_MISS;
    const mfn = guestFrame(<u32>(physical >> 12));
    return frameOwner(mfn) == Owner.GUEST ? (mfn << 12) | (<u32>physical & 0xfff) : SLAT_MISS;
  }
  const bytes = config.kind == <u32>Kind.NATIVE ? config.pages << 12 : machineBytes();
  return physical < bytes ? <u32>physical : NOWHERE | (<u32>physical & 0xfff);
}

/** Bits that an entry needs for an access. */
@inline
function neededBits(access: u32): u64 {
  return access & Access.FETCH ? 4 : access & Access.WRITE ? 3 : 1;
}

function walkSecondLevel(v: Vcpu, physical: u64, access: u32, probe: bool): u32 {
  const needed = neededBits(access);
  let table = v.slat_root & PTE_FRAME;
  if (physical >> 48) return SLAT_MISS;
  for (let level: u32 = 4; level >= 1; level--) {
    if (table >= machineBytes()) return SLAT_MISS;
    const at = <u32>table + <u32>((physical >> (3 + 9 * level)) & 511) * 8;
    const entry = sbLoad(v, at, 8);
    if (!probe) implicitNote(at, 8, 0);
    if ((entry & needed) != needed) return SLAT_MISS;
    const leaf = level == 1 || (level < 4 && (entry & 0x80) != 0);
    const used: u64 = leaf && access & Access.WRITE ? 0x300 : 0x100;
    if (!probe && (entry & used) != used) {
      sbDrainOverlap(v, at, 8);
      physStore(at, 8, entry | used);
      implicitNote(at, 8, IMPLICIT_WRITE);
      secondLevelStepped = true;
      return SLAT_MISS;
    }
    if (leaf) {
      const offset = (<u64>1 << (3 + 9 * level)) - 1;
      const ma = (entry & PTE_FRAME & ~offset) | (physical & offset);
      return ma < machineBytes() ? <u32>ma : NOWHERE | (<u32>physical & 0xfff);
    }
    table = entry & PTE_FRAME;
  }
  return SLAT_MISS;
}
