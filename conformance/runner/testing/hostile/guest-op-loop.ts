// Hostile guest half: irq.save_fl never comes back and makes no machine call on the way.
export function abi(): i64 {
  return 0x00010000_00010000;
}

export function irq_save_fl(): i64 {
  while (true) store<i32>(0, load<i32>(0) + 1);
}
