// What an instruction or a delivery touches beside its operand: page tables, gates, descriptors, the TSS, frames, code, the startup page.
//
//   note (u32): | machine address 31:3 | kinds 2:0 |

const NOTES_MAX: u32 = 128;
const notes: usize = memory.data(512, 4);
/** Accesses noted since implicitForget. */
export let implicitCount: u32 = 0;

/** Any delivery to the vCPU may read it. */
export const IMPLICIT_TABLE: u32 = 1;
/** It is written: a pushed frame, A and D of an entry, the busy bit of a TSS. */
export const IMPLICIT_WRITE: u32 = 2;

export function implicitForget(): void {
  implicitCount = 0;
}

/** Notes an access of `size` bytes at ma, of these kinds. */
export function implicitNote(ma: u32, size: u32, kinds: u32): void {
  add((ma & ~(<u32>7)) | kinds);
  if ((ma & 7) + size > 8) add(((ma + size - 1) & ~(<u32>7)) | kinds);
}

function add(note: u32): void {
  if (implicitCount == NOTES_MAX) return;
  store<u32>(notes + (implicitCount << 2), note);
  implicitCount += 1;
}

/** The i-th note. */
@inline
export function implicitAt(i: u32): u32 {
  return load<u32>(notes + (i << 2));
}
