// Working storage of the lowering pass, allocated once per arena and reused for every function.
import { arenaGeneration, immutableAlloc } from "../../memory/arena";
import { engineLimits } from "../limits";

export const OPERAND_BYTES: usize = 16;
export const FRAME_BYTES: usize = 56;

/** Operand stack entries, control frames, types of locals (u8), topmost operand that names a local (i32), meta words (u32). */
export let operandScratch: usize = 0;
export let frameScratch: usize = 0;
export let localTypes: usize = 0;
export let localHeads: usize = 0;
export let metaScratch: usize = 0;

let generation: u32 = 0;
let preparedFor: u32 = 0;

/** False when memory is used up. Limits that grew since need new storage. */
export function scratchPrepare(): bool {
  const size = engineLimits.operands + engineLimits.blockDepth + engineLimits.locals + engineLimits.codeWords;
  if (generation == arenaGeneration && preparedFor >= size) return true;
  operandScratch = immutableAlloc((<usize>engineLimits.operands + 2048) * OPERAND_BYTES);
  frameScratch = immutableAlloc((<usize>engineLimits.blockDepth + 4) * FRAME_BYTES);
  localTypes = immutableAlloc(engineLimits.locals + 1024);
  localHeads = immutableAlloc((<usize>engineLimits.locals + 1024) << 2);
  metaScratch = immutableAlloc((<usize>engineLimits.codeWords + 64) << 2);
  generation = arenaGeneration;
  preparedFor = size;
  return operandScratch != 0 && frameScratch != 0 && localTypes != 0 && localHeads != 0 && metaScratch != 0;
}
