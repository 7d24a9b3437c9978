// What an instruction or a delivery reads beside its operand: gates, descriptors, the TSS, an IRET frame, code, the startup page.
//
//   note (u32): | machine address 31:3 | kinds 2:0 |

const NOTES_MAX: u32 = 64;
const notes: usize = memory.data(256, 4);
/** Reads noted since implicitForget. */
export let implicitCount: u32 = 0;

/** Any delivery to the vCPU may read it. */
export const IMPLICIT_TABLE: u32 = 1;

export function implicitForget(): void {
  implicitCount = 0;
}

/** Notes a read of `size` bytes at ma, of these kinds. */
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
