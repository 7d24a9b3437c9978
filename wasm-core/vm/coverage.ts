// Which marks of an instrumented half were reached, and in which ops. A half that imports coverage.hit is one of ours under
// measurement: intake refuses the import to everybody else. Marks are no points and survive the reset between schedules.
//
//   per mark 16 bytes: bit i of 128 = reached in op i (127: in an op beyond, or outside of ops)
import { immutableAlloc } from "../memory/arena";
import { Cpu, innermostOp } from "./cpu";

export const MARKS_MAX: u32 = 2048;
const MARK_BYTES: usize = 16;
const BIT_OTHER: u32 = 127;

let marks: usize = 0;

/** Room for marks, for the module that is being linked; false without memory. */
export function coverageCreate(): bool {
  if (!marks) marks = immutableAlloc(MARKS_MAX * MARK_BYTES);
  return marks != 0;
}

export function coverageForget(): void {
  marks = 0;
}

/** Address of the marks; 0 if nothing is measured. The reader clears them. */
export function coverageAddress(): usize {
  return marks;
}

export function coverageHit(c: Cpu, mark: u32): void {
  if (mark >= MARKS_MAX) return;
  const op = innermostOp(c);
  const bit = op < 0 || <u32>op >= BIT_OTHER ? BIT_OTHER : <u32>op;
  const at = marks + <usize>mark * MARK_BYTES + (bit >> 3);
  store<u8>(at, load<u8>(at) | <u8>((<u32>1) << (bit & 7)));
}
