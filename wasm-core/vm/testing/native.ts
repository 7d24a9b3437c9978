// The native half of the tests has no op.
export function abi(): i64 {
  return 0x0001000000010000;
}
