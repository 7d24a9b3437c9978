// Hostile host half: answers exits with an action that does not exist.
export function abi(): i64 {
  return 0x00010000_00010000;
}

export function boot(): i32 {
  return 0;
}

export function exit(_vcpu: i32, _reason: i32): i32 {
  return 9;
}
