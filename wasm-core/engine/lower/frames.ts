// Control frames: validation's view of blocks, and the branches that wait for a block's label.
//
//   A fixup is the address of a rel32 field; until it is known the field holds the address of the next fixup.
//   Bit 0 of a link marks an entry of a br_table: its distance counts from the entry itself, a branch's from its operation.
import { E_INVALID, E_LIMIT, fail, failed } from "../errors";
import { engineLimits } from "../limits";
import { offset } from "../reader";
import { Z, accForget, dead, entryType, floor, flushTop, height, polymorphic, pop, pushTemp, setDead, setFrame, truncate } from "./operands";
import { blockAt, chargePending, openBlock } from "./emit";
import { FRAME_BYTES, frameScratch } from "./scratch";
import { addWork } from "../work";

export const FRAME_FUNCTION: u32 = 0;
export const FRAME_BLOCK: u32 = 1;
export const FRAME_LOOP: u32 = 2;
export const FRAME_IF: u32 = 3;
export const FRAME_ELSE: u32 = 4;

@unmanaged
export class Frame {
  kind: u32;
  /** Value type bytes. */
  params: usize;
  nparams: u32;
  results: usize;
  nresults: u32;
  /** Operand height below the block's parameters. */
  floor: u32;
  polymorphic: u32;
  /** Branches forward to the end. */
  fixups: usize;
  /** CHARGE of a loop's head. */
  head: usize;
  /** The branch from `if` to `else`. */
  elseFixup: usize;
  /** The block itself is unreachable. */
  born: u32;
  /** Entries of the present br_table that wait for a stub. */
  stubs: usize;
}

export let frameDepth: u32 = 0;

@inline
export function frameAt(label: u32): Frame {
  return changetype<Frame>(frameScratch + <usize>(frameDepth - 1 - label) * FRAME_BYTES);
}

export function framesStart(): void {
  frameDepth = 0;
}

export function mismatch(): void {
  fail(E_INVALID, offset(), "type mismatch: the values on the stack are not those the block or branch needs");
}

/** Opens a frame whose parameters are on the stack already. */
export function pushFrame(kind: u32, params: usize, nparams: u32, results: usize, nresults: u32): void {
  if (frameDepth >= engineLimits.blockDepth) return fail(E_LIMIT, offset(), "blocks nested too deeply: over the engine's limit");
  if (frameDepth) frameAt(0).polymorphic = polymorphic ? 1 : 0;
  frameDepth += 1;
  const f = frameAt(0);
  f.kind = kind;
  f.params = params;
  f.nparams = nparams;
  f.results = results;
  f.nresults = nresults;
  f.floor = height - nparams;
  f.polymorphic = 0;
  f.fixups = 0;
  f.head = 0;
  f.elseFixup = 0;
  f.born = dead ? 0 : 1;
  f.stubs = 0;
  setFrame(f.floor, false);
}

/** Pops values of these types, the last on top; the stack must be as high as they need. */
export function popTypes(types: usize, count: u32): void {
  addWork(count);
  for (let i = count; i > 0 && !failed; i--) pop(Z, load<u8>(types + i - 1));
}

export function pushTypes(types: usize, count: u32): void {
  addWork(count);
  for (let i: u32 = 0; i < count && !failed; i++) pushTemp(load<u8>(types + i));
}

/** Checks that values of these types are on top, without popping them. */
export function checkTop(types: usize, count: u32): void {
  addWork(count);
  for (let i: u32 = 0; i < count; i++) {
    if (height - floor <= i) {
      if (!polymorphic) mismatch();
      return;
    }
    const type = entryType(height - 1 - i);
    if (type != load<u8>(types + count - 1 - i) && type != 0) return mismatch();
  }
}

/** checkTop, after which the types are on the stack even if it was polymorphic. */
export function requireTop(types: usize, count: u32): void {
  if (!polymorphic) return checkTop(types, count);
  popTypes(types, count);
  pushTypes(types, count);
}

/** The types a branch to this frame carries. */
@inline
export function labelTypes(f: Frame): usize {
  return f.kind == FRAME_LOOP ? f.params : f.results;
}

@inline
export function labelArity(f: Frame): u32 {
  return f.kind == FRAME_LOOP ? f.nparams : f.nresults;
}

/** Code from here to the end of the frame is unreachable. */
export function setUnreachable(): void {
  truncate(floor);
  setFrame(floor, true);
  setDead(true);
}

/** Points a field at a code address, or queues it on the frame's end. `isEntry`: it is an entry of a br_table. */
export function linkTo(f: Frame, field: usize, isEntry: u32): void {
  if (f.kind == FRAME_LOOP) resolveField(field, isEntry, f.head);
  else {
    store<u32>(field, f.fixups);
    f.fixups = field | isEntry;
  }
}

export function resolveField(field: usize, isEntry: u32, target: usize): void {
  store<u32>(field, <u32>(target - (isEntry ? field : field - 4)));
}

/** Points a chain of fields at the open block. */
export function resolveChain(chain: usize): void {
  while (chain) {
    const field = chain & ~3;
    const next: usize = load<u32>(field);
    resolveField(field, chain & 1, blockAt);
    chain = next;
  }
}

/** Starts the block that branches lead to; what flowed in from above has its values in their homes. */
export function label(): void {
  if (!dead) chargePending();
  openBlock();
  setDead(false);
  accForget();
}

/** The end of a block, its `end` just read: checks the results, joins the paths, closes the frame. */
export function endBlock(): void {
  const f = frameAt(0);
  if (f.kind == FRAME_IF && !sameTypes(f)) return mismatch();
  closePath(f);
  if (failed) return;
  if (f.kind == FRAME_IF && f.elseFixup) {
    store<u32>(f.elseFixup, f.fixups);
    f.fixups = f.elseFixup;
  }
  if (f.fixups) {
    label();
    resolveChain(f.fixups);
  }
  frameDepth -= 1;
  const outer = frameAt(0);
  setFrame(outer.floor, outer.polymorphic != 0);
  // Values keep where they are when only one path leads here.
  if (f.fixups || dead) {
    truncate(f.floor);
    pushTypes(f.results, f.nresults);
  }
}

/** An `if` without `else` passes its parameters on as results. */
function sameTypes(f: Frame): bool {
  return f.nparams == f.nresults && memory.compare(f.params, f.results, f.nparams) == 0;
}

/** Checks that exactly the results are on the stack and brings them home if another path joins. */
export function closePath(f: Frame): void {
  checkTop(f.results, f.nresults);
  if (failed) return;
  if (height - f.floor > f.nresults) return mismatch();
  if (!dead && (f.fixups || f.elseFixup)) flushTop(f.nresults);
}
