// Hash of what differs from the base image: equal for equal states, whatever was written in between, and cheap when little differs.
import { DIRTY, hotBase, hotUsed, imageMap, PAGE_BYTES, pagedBlocks, pagedSize, pagedStart, stackRecord, stackRecords } from "./arena";
import { hotImage, regionDigest } from "./snapshot";

/** Memory is compared, and hashed where it differs, in pieces of so many bytes. */
const PIECE_BYTES: usize = 64;
const PRIME: u64 = 0x9e37_79b9_7f4a_7c15;

/** Hash of the differences of hot memory, written pages and live stacks. */
export function differenceDigest(): u64 {
  let hash = rangeHash(hotBase(), hotImage, hotUsed() & ~(PIECE_BYTES - 1), 1);
  const rest = hotUsed() & (PIECE_BYTES - 1);
  hash += regionDigest(hotBase() + hotUsed() - rest, rest);
  for (let i: u32 = 0, n = pagedBlocks(); i < n; i++) hash += blockHash(pagedStart(i), pagedStart(i) + pagedSize(i));
  for (let i: u32 = 0, n = stackRecords(); i < n; i++) {
    const record = stackRecord(i);
    const start: usize = load<u32>(record);
    const cell: usize = load<u32>(record, 8);
    if (cell) hash = rotl<u64>(hash, 7) ^ regionDigest(start, <usize>load<u32>(cell) - start);
  }
  return hash;
}

function blockHash(start: usize, end: usize): u64 {
  let hash: u64 = 0;
  let page = start;
  while (page < end) {
    const cell = DIRTY + (page >>> 12);
    if ((cell & 7) == 0 && end - page >= 8 * PAGE_BYTES && load<u64>(cell) == 0) {
      page += 8 * PAGE_BYTES;
      continue;
    }
    if (load<u8>(cell)) {
      const image: usize = load<u32>(imageMap() + ((page >>> 12) << 2));
      hash += rangeHash(page, image, PAGE_BYTES, page);
    }
    page += PAGE_BYTES;
  }
  return hash;
}

/** Sum over the pieces that differ from the image (0: from zeros). */
function rangeHash(at: usize, image: usize, length: usize, seed: usize): u64 {
  let hash: u64 = 0;
  for (let i: usize = 0; i < length; i += PIECE_BYTES) {
    if (image ? differs(at + i, image + i) : isSet(at + i)) hash += pieceHash(at + i, (<u64>(seed + i) + 1) * PRIME);
  }
  return hash;
}

@inline
function differs(a: usize, b: usize): bool {
  return (
    ((load<u64>(a) ^ load<u64>(b)) | (load<u64>(a, 8) ^ load<u64>(b, 8)) | (load<u64>(a, 16) ^ load<u64>(b, 16)) |
      (load<u64>(a, 24) ^ load<u64>(b, 24)) | (load<u64>(a, 32) ^ load<u64>(b, 32)) | (load<u64>(a, 40) ^ load<u64>(b, 40)) |
      (load<u64>(a, 48) ^ load<u64>(b, 48)) | (load<u64>(a, 56) ^ load<u64>(b, 56))) != 0
  );
}

@inline
function isSet(a: usize): bool {
  return (
    (load<u64>(a) | load<u64>(a, 8) | load<u64>(a, 16) | load<u64>(a, 24) | load<u64>(a, 32) | load<u64>(a, 40) | load<u64>(a, 48) |
      load<u64>(a, 56)) != 0
  );
}

function pieceHash(at: usize, seed: u64): u64 {
  let hash = seed;
  for (let i: usize = 0; i < PIECE_BYTES; i += 8) hash = rotl<u64>(hash ^ load<u64>(at + i), 29) * 0xbf58_476d_1ce4_e5b9;
  hash ^= hash >> 32;
  return hash * 0x94d0_49bb_1331_11eb;
}
