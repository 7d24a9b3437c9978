// Counter ticks to nanoseconds by multiplier and shift, as KVM and Xen publish them (pvclock):
//   ns = ((ticks << shift, or >> −shift) · mul) >> 32, a 64 × 32 bit product of 96 bits.

const NS_PER_S: u64 = 1_000_000_000;

/** Shift for a counter of `hz`: brings hz into (10^9, 2·10^9]. */
export function scaleShift(hz: u64): i32 {
  let rate = hz;
  let shift = 0;
  while (rate > 2 * NS_PER_S) {
    rate >>= 1;
    shift--;
  }
  while (rate <= NS_PER_S) {
    rate <<= 1;
    shift++;
  }
  return shift;
}

/** Multiplier, a binary fraction of 32 bits in [1/2, 1), for a counter of `hz` ≥ 1. Bits that the first shift loses stay lost. */
export function scaleMul(hz: u64): u32 {
  let rate = hz;
  while (rate > 2 * NS_PER_S) rate >>= 1;
  while (rate <= NS_PER_S) rate <<= 1;
  return <u32>((NS_PER_S << 32) / rate);
}

/** Hz of a counter with this multiplier and shift, to the nearest; 0 for a multiplier that nobody publishes. */
export function hzOf(mul: u32, shift: i32): i64 {
  if (!mul || shift > 30 || shift < -30) return 0;
  // 10^9 · 2^32 / mul in quotient and rest, so that shifting left loses no bits.
  const whole = (NS_PER_S << 32) / mul;
  const rest = (NS_PER_S << 32) % mul;
  if (shift > 0) return (whole + (1 << (shift - 1))) >> shift;
  const left = <u64>-shift;
  return (whole << left) + ((rest << left) + (mul >> 1)) / mul;
}

/** ns of `ticks`; wraps modulo 2^64 like the published formula. Shifts beyond ±63 give 0. */
export function scaled(ticks: u64, mul: u32, shift: i32): u64 {
  if (shift > 63 || shift < -63) return 0;
  const moved = shift < 0 ? ticks >> <u64>-shift : ticks << (<u64>shift);
  return (moved >> 32) * <u64>mul + (((moved & 0xffff_ffff) * <u64>mul) >> 32);
}

/** As `scaled`, but 0 for a counter that reads slightly before its origin. */
export function scaledSince(now: u64, origin: u64, mul: u32, shift: i32): u64 {
  return <i64>(now - origin) < 0 ? 0 : scaled(now - origin, mul, shift);
}
