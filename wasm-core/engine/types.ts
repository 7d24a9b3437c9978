// Function types, interned: equal signatures have equal addresses, across all modules.
//
//   FuncType: | params u16 | results u16 | hash u32 | next in bucket u32 | previous interned u32 | types u8 × (params + results) |
import { arenaGeneration, immutableAlloc } from "../memory/arena";
import { addWork } from "./work";

export const T_I32: u32 = 0x7f;
export const T_I64: u32 = 0x7e;
export const T_F32: u32 = 0x7d;
export const T_F64: u32 = 0x7c;
export const T_FUNCREF: u32 = 0x70;
export const T_EXTERNREF: u32 = 0x6f;
/** Operand of unknown type in unreachable code. */
export const T_ANY: u32 = 0;

const BUCKETS: u32 = 4096;
const buckets: usize = memory.data(16384, 8);
const HEADER_BYTES: usize = 16;
let generation: u32 = 0;
let lastInterned: usize = 0;

/** Address of the one type with this signature; params and results point at value type bytes. 0 when memory is used up. */
export function internType(params: usize, nparams: u32, results: usize, nresults: u32): usize {
  refresh();
  const hash = hashOf(params, nparams, hashOf(results, nresults, nparams * 31 + nresults));
  const bucket = buckets + ((hash & (BUCKETS - 1)) << 2);
  for (let t: usize = load<u32>(bucket); t; t = load<u32>(t, 8)) {
    addWork(1);
    if (load<u32>(t, 4) == hash && load<u16>(t) == nparams && load<u16>(t, 2) == nresults) {
      addWork((nparams + nresults) >>> 3);
      if (memory.compare(t + HEADER_BYTES, params, nparams) == 0 && memory.compare(t + HEADER_BYTES + nparams, results, nresults) == 0) return t;
    }
  }
  const type = immutableAlloc(HEADER_BYTES + nparams + nresults);
  if (!type) return 0;
  store<u16>(type, nparams);
  store<u16>(type, nresults, 2);
  store<u32>(type, hash, 4);
  store<u32>(type, load<u32>(bucket), 8);
  store<u32>(type, lastInterned, 12);
  memory.copy(type + HEADER_BYTES, params, nparams);
  memory.copy(type + HEADER_BYTES + nparams, results, nresults);
  store<u32>(bucket, type);
  lastInterned = type;
  return type;
}

/** Forgets the types interned at or above an arena mark, newest first. */
export function typesRelease(mark: usize): void {
  refresh();
  while (lastInterned >= mark && lastInterned != 0) {
    store<u32>(buckets + ((load<u32>(lastInterned, 4) & (BUCKETS - 1)) << 2), load<u32>(lastInterned, 8));
    lastInterned = load<u32>(lastInterned, 12);
  }
}

function refresh(): void {
  if (generation == arenaGeneration) return;
  generation = arenaGeneration;
  lastInterned = 0;
  memory.fill(buckets, 0, BUCKETS << 2);
}

function hashOf(bytes: usize, length: u32, seed: u32): u32 {
  let hash = seed ^ 0x811c9dc5;
  for (let i: u32 = 0; i < length; i++) hash = rotl<u32>(hash ^ load<u8>(bytes + i), 9) * 0x01000193;
  return hash ^ (hash >>> 15);
}

@inline
export function typeParamCount(t: usize): u32 {
  return load<u16>(t);
}

@inline
export function typeResultCount(t: usize): u32 {
  return load<u16>(t, 2);
}

/** Value type byte of parameter i. */
@inline
export function typeParam(t: usize, i: u32): u8 {
  return load<u8>(t + HEADER_BYTES + i);
}

/** Value type byte of result i. */
@inline
export function typeResult(t: usize, i: u32): u8 {
  return load<u8>(t + HEADER_BYTES + load<u16>(t) + i);
}

@inline
export function typeParams(t: usize): usize {
  return t + HEADER_BYTES;
}

@inline
export function typeResults(t: usize): usize {
  return t + HEADER_BYTES + load<u16>(t);
}

@inline
export function isReference(type: u32): bool {
  return type == T_FUNCREF || type == T_EXTERNREF;
}
