// Hostile guest half: time.sched_clock grows its memory until that fails, touches all of it, then goes one byte too far.
export function abi(): i64 {
  return 0x00010000_00010000;
}

export function time_sched_clock(): i64 {
  while (memory.grow(1) >= 0) {}
  const size: usize = (<usize>memory.size()) << 16;
  for (let at: usize = 0; at < size; at += 4096) store<u8>(at, 1);
  store<u8>(size, 1);
  return <i64>size;
}
