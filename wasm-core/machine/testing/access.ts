// The product of page-table bits of every level × kinds of access × control bits, against the model: the machine as a module of its own.
//
// A walk ends at the first entry that is not present, has a reserved bit or maps a page: below it nothing is varied. Above a last-level
// entry, A of the upper entries is drawn by the index (it has a product of its own, with CR4.PGE and CR4.PCIDE).
import { arenaReset } from "../../memory/arena";
import { boot, bootLayout } from "../boot";
import { config } from "../config";
import { guestFrame, physLoad, physStore } from "../frames";
import { machineCreate, machineReset } from "../machine";
import { Step } from "../ops";
import { flushAll } from "../tlb";
import { translate, translated } from "../translate";
import { Vcpu, vcpuAt } from "../vcpu";
import { Controls, errorCode, FETCH, faults, IMPLICIT, pageBits, predict, READ, SUPERVISOR, USER, used, WRITE } from "./paging-model";

const VA: u64 = 0x7f12_4016_7123;
const P: u64 = 1;
const W: u64 = 2;
const U: u64 = 4;
const A: u64 = 0x20;
const D: u64 = 0x40;
const PS: u64 = 0x80;
const G: u64 = 0x100;
const NX: u64 = 0x8000_0000_0000_0000;
const R51: u64 = 0x0008_0000_0000_0000;
const R13: u64 = 0x2000;

/** Machine addresses of the four entries, their address bits, and what is in them for the present check. */
const at: usize = memory.data(16, 4);
const bases: usize = memory.data(32, 8);
const entries: usize = memory.data(32, 8);
const controls: Controls = changetype<Controls>(memory.data(8, 8));

/** Checks made, and how many of them disagreed. */
export let checked: u64 = 0;
export let failed: u64 = 0;
/** The first disagreement: entries, access (kind | mode << 2), controls, what was got (fault code, or −1 none). */
export let firstAccess: u32 = 0;
export let firstControls: u32 = 0;
export let firstGot: i32 = 0;
const firstEntries: usize = memory.data(32, 8);

export function firstEntry(i: u32): u64 {
  return load<u64>(firstEntries + (i << 3));
}

/** Builds a machine of a kind with tables for one page; false when memory is used up. */
export function prepare(kind: u32): bool {
  arenaReset();
  if (!machineReset()) return false;
  config.kind = kind;
  config.vcpus = 1;
  if (!machineCreate() || !bootLayout()) return false;
  checked = failed = 0;
  let next = boot.first_free_pfn;
  let table = boot.root_pfn;
  for (let i: u32 = 0; i < 4; i++) {
    store<u32>(at + (i << 2), (guestFrame(table) << 12) + <u32>((VA >> (39 - 9 * i)) & 511) * 8);
    table = next++;
    store<u64>(bases + (i << 3), (<u64>table) << 12);
  }
  return true;
}

const KINDS: StaticArray<u32> = [READ, WRITE, FETCH, READ, WRITE, FETCH, READ, WRITE];
const MODES: StaticArray<u32> = [SUPERVISOR, SUPERVISOR, SUPERVISOR, USER, USER, USER, IMPLICIT, IMPLICIT];
const ACCESSES: u32 = 8;
const CONTROLS: u32 = 32;

/** Sets control bits on the machine and in the model: WP SMEP SMAP NXE AC from bit 0 on, then PGE and PCIDE. */
function setControls(v: Vcpu, bits: u32, mode: u32): void {
  controls.wp = (bits & 1) != 0;
  controls.smep = (bits & 2) != 0;
  controls.smap = (bits & 4) != 0;
  controls.nxe = (bits & 8) != 0;
  controls.ac = (bits & 16) != 0;
  v.cr0 = 0x8004_0033 | (<u64>(bits & 1) << 16);
  v.cr4 = 0x620 | (<u64>(bits & 6) << 19) | (<u64>(bits & 32) << 2) | (<u64>(bits & 64) << 11);
  v.efer = 0x501 | (<u64>(bits & 8) << 8);
  v.rflags = 2 | (<u64>(bits & 16) << 14);
  // Implicit accesses are made at user CPL, where they differ from the others.
  v.cpl = mode == SUPERVISOR ? 0 : 3;
}

/** One access under one set of controls; `entries` are put into the tables first. */
function check(bits: u32, access: u32): void {
  const v = vcpuAt(0);
  const kind = unchecked(KINDS[access]);
  const mode = unchecked(MODES[access]);
  for (let i: u32 = 0; i < 4; i++) physStore(load<u32>(at + (i << 2)), 8, load<u64>(entries + (i << 3)));
  flushAll(v);
  setControls(v, bits, mode);
  predict(entries, kind, mode, controls);
  checked += 1;
  const code = kind | (mode == IMPLICIT ? 4 : 0);
  let status: i32 = Step.SPLIT;
  while (status == Step.SPLIT) status = translate(v, VA, code);
  if (!agrees(v, status, kind) || !(faults || agreesAgain(v, code, kind))) note(v, status, bits, access);
}

/** Whether the machine did what the model says: fault, address, A and D. */
function agrees(v: Vcpu, status: i32, kind: u32): bool {
  if (faults) {
    if (status != Step.FAULT || v.fault_vector != 14 || v.fault_error != errorCode || v.fault_address != VA) return false;
  } else {
    const page = load<u64>(entries + ((used - 1) << 3)) & 0x0000_00ff_ffff_f000 & ~((<u64>1 << pageBits) - 1);
    const physical = <u32>(page | (VA & ((<u64>1 << pageBits) - 1)));
    // Beyond memory nothing answers, or the second level does not map it.
    if (physical >> 12 < config.pages && (status != Step.DONE || translated != physical)) return false;
  }
  for (let i: u32 = 0; i < 4; i++) {
    const before = load<u64>(entries + (i << 3));
    const after = physLoad(load<u32>(at + (i << 2)), 8);
    // A fault may leave A set in the tables above the entry that stopped it.
    let may = i + 1 < used ? A : 0;
    const must: u64 = faults || i >= used || status != Step.DONE ? 0 : i + 1 == used && kind == WRITE ? A | D : A;
    if (!faults) may |= must;
    if ((after & ~may) != (before & ~may) || (after & must) != must) return false;
  }
  return true;
}

/** The same access again finds the translation in the TLB: same address, nothing written. */
function agreesAgain(v: Vcpu, code: u32, kind: u32): bool {
  const first = translated;
  const leaf = physLoad(load<u32>(at + ((used - 1) << 2)), 8);
  const status = translate(v, VA, code);
  if (status == Step.EXIT) return true;
  return status == Step.DONE && translated == first && physLoad(load<u32>(at + ((used - 1) << 2)), 8) == leaf;
}

function note(v: Vcpu, status: i32, bits: u32, access: u32): void {
  if (!failed) {
    memory.copy(firstEntries, entries, 32);
    firstAccess = unchecked(KINDS[access]) | (unchecked(MODES[access]) << 2);
    firstControls = bits;
    firstGot = status == Step.FAULT ? <i32>v.fault_error : -1 - status;
  }
  failed += 1;
}

/** Bits of an entry by a number: bit k of `choice` is the k-th of the list. */
function spread(choice: u32, level: u32): u64 {
  if (level == 3) return pick(choice, P, 0) | pick(choice, W, 1) | pick(choice, U, 2) | pick(choice, NX, 3) | pick(choice, A, 4) | pick(choice, D, 5) | pick(choice, R51, 6) | pick(choice, PS, 7) | pick(choice, G, 8);
  const common = pick(choice, P, 0) | pick(choice, W, 1) | pick(choice, U, 2) | pick(choice, NX, 3) | pick(choice, A, 4) | pick(choice, R51, 5) | pick(choice, PS, 6);
  // D and the low reserved bit mean something in large pages only; in others they would be address bits, or ignored.
  return (choice >> 6) & 1 && level != 0 ? common | pick(choice, D, 7) | pick(choice, R13, 8) : common;
}

@inline
function pick(choice: u32, bit: u64, k: u32): u64 {
  return (choice >> k) & 1 ? bit : 0;
}

@inline
function setEntry(i: u32, bits: u64): void {
  const large = i < 3 && (bits & PS) != 0;
  store<u64>(entries + (i << 3), (large ? 0 : load<u64>(bases + (i << 3))) | bits);
}

/** Choices of an entry at a level: no large page needs its D and low bit varied. */
function isChoice(choice: u32, level: u32): bool {
  return level == 3 || choice < 128 || (level != 0 && (choice & 64) != 0);
}

/** Whether a choice of an upper entry leads on to the next table, whatever the controls. */
function leadsOn(choice: u32): bool {
  return (choice & 1) != 0 && (choice & 0x60) == 0;
}

let stride: u32 = 1;
let phase: u32 = 0;

/** Every access under every control; of a sample one in `stride`. */
function checkAll(): void {
  for (let bits: u32 = 0; bits < CONTROLS; bits++) {
    for (let access: u32 = 0; access < ACCESSES; access++) {
      phase += 1;
      if (phase < stride) continue;
      phase = 0;
      check(bits, access);
    }
  }
}

/** Parts of the product: what the PML4 entry's W, U and NX are (8), for walks that go on, and the rest as a ninth. */
export const PARTS: u32 = 9;

/** Checks one part of the permission product; one in `every` of it, from `seed` on. */
export function permissions(part: u32, every: u32, seed: u32): void {
  stride = every;
  phase = seed % every;
  if (part == 8) return stopsAbove();
  const first = (part << 1) | 1;
  for (let second: u32 = 0; second < 512; second++) {
    if (!isChoice(second, 1)) continue;
    setEntry(0, spread(first, 0) | (second & 1 ? A : 0));
    setEntry(1, spread(second, 1));
    setEntry(2, P | W | U);
    setEntry(3, P | W | U);
    if (!leadsOn(second)) checkAll();
    else if (!(second & 16)) secondLevel(first, second);
  }
}

function secondLevel(first: u32, second: u32): void {
  for (let third: u32 = 0; third < 512; third++) {
    if (!isChoice(third, 2)) continue;
    setEntry(2, spread(third, 2));
    if (!leadsOn(third)) {
      checkAll();
      continue;
    }
    if (third & 16) continue;
    for (let last: u32 = 0; last < 512; last++) {
      const mixed = (first * 0x9e37 ^ second * 0x85eb ^ third * 0xc2b2 ^ last * 0x27d4) >> 3;
      setEntry(0, spread(first, 0) | (mixed & 1 ? A : 0));
      setEntry(1, spread(second, 1) | (mixed & 2 ? A : 0));
      setEntry(2, spread(third, 2) | (mixed & 4 ? A : 0));
      setEntry(3, spread(last, 3));
      checkAll();
    }
  }
}

/** Walks that end at the PML4 entry. */
function stopsAbove(): void {
  for (let i: u32 = 1; i < 4; i++) setEntry(i, P | W | U);
  for (let first: u32 = 0; first < 128; first++) {
    setEntry(0, spread(first, 0));
    if (!leadsOn(first)) checkAll();
  }
}

/** The product of A of every level, D, page sizes and the last entry's permissions, with CR4.PGE and CR4.PCIDE; one in `every`. */
export function accessedDirty(every: u32, seed: u32): void {
  stride = every;
  phase = seed % every;
  for (let choice: u32 = 0; choice < 1024; choice++) {
    const leaf = P | pick(choice, W, 0) | pick(choice, U, 1) | pick(choice, NX, 2) | pick(choice, A, 3) | pick(choice, D, 4) | pick(choice, G, 5);
    const size = (choice >> 9) & 1;
    for (let i: u32 = 0; i < 3; i++) setEntry(i, P | W | U | pick(choice, A, 6 + i));
    setEntry(3, leaf);
    if (size) setEntry(2, leaf | PS);
    for (let bits: u32 = 0; bits < 128; bits++) {
      for (let access: u32 = 0; access < ACCESSES; access++) {
        phase += 1;
        if (phase < stride) continue;
        phase = 0;
        check(bits, access);
      }
    }
  }
}
