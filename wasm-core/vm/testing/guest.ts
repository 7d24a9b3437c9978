// The test guest half: ops that work, and ops that misbehave.
export function abi(): i64 {
  return 0x0001000000010000;
}

export function t_add(a: i32, b: i32): i32 {
  return a + b;
}

export function t_trap(): void {
  unreachable();
}

export function t_loop(): void {
  for (;;) {}
}

export function t_recurse(): void {
  deeper(1);
}

function deeper(n: i32): i32 {
  return n + deeper(n + 1);
}

/** Grows its memory until that fails: -1. */
export function t_grow(): i32 {
  let answer = 0;
  while (answer >= 0) answer = memory.grow(1);
  return answer;
}
