// Hostile host half: traps on the first exit.
export function abi(): i64 {
  return 0x00010000_00010000;
}

export function boot(): i32 {
  return 0;
}

export function exit(_vcpu: i32, _reason: i32): i32 {
  unreachable();
  return 0;
}
