// Hostile guest half: one op traps. Which one is put in by an edit of the line below.
export function abi(): i64 {
  return 0x00010000_00010000;
}

// the op
