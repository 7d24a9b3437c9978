// Hostile guest half: never comes back from half_init.
export function abi(): i64 {
  return 0x00010000_00010000;
}

export function half_init(_info: i64): i32 {
  while (true) store<i32>(0, load<i32>(0) + 1);
}
