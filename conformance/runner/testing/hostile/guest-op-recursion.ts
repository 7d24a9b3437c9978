// Hostile guest half: mmu.read_cr3 calls itself without end.
export function abi(): i64 {
  return 0x00010000_00010000;
}

function deeper(depth: i64): i64 {
  return deeper(depth + 1) ^ depth;
}

export function mmu_read_cr3(): i64 {
  return deeper(0);
}
