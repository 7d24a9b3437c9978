// Hostile host half: never comes back from boot.
export function abi(): i64 {
  return 0x00010000_00010000;
}

export function boot(): i32 {
  while (true) store<i32>(0, load<i32>(0) + 1);
}

export function exit(_vcpu: i32, _reason: i32): i32 {
  return 0;
}
