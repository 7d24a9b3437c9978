// Cases of the test kernel that are about the machine and its host halves: 40 and up.
import { barrier, expect, hypercall, invlpg, param, rmw, store64 } from "./imports";

function word(i: i32): i64 {
  return param(13) + i * 64;
}

const X: i32 = 0;
const Y: i32 = 1;

export function runMachineCase(index: i32, role: i32): void {
  if (index == 40) return misuse(role);
  unreachable();
}

/** Hypercalls at which the host half does what the seed says, with accesses in between. */
function misuse(role: i32): void {
  barrier(1);
  for (let i = 0; i < 4; i++) {
    hypercall(1000 + ((param(3) & 0xffffffff) << 8) + i * 2 + role, 0, 0, 0, 0, 0, 0);
    store64(word(X), i);
    rmw(0x131, word(Y), 1);
    if (param(3) & 1) invlpg(word(Y));
  }
  expect(40, 1);
}
