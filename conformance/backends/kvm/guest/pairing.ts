// One sample of the host's wall clock together with the TSC, by hypercall.
import { DIRECT_MAP, E_AGAIN } from "../../../sdk/as/info";
import * as machine from "../../../sdk/as/machine";
import { self } from "../../lib/info";
import { ENOSYS, HC_CLOCK_PAIRING, PAIRING_NS, PAIRING_TSC, PAIRING_WALLCLOCK } from "../abi";
import { pairingArea } from "./areas";
import { hypercall } from "./remote";

const NS_PER_S: i64 = 1_000_000_000;

function call(at: i64): i64 {
  return hypercall(HC_CLOCK_PAIRING, at - DIRECT_MAP, PAIRING_WALLCLOCK, 0, 0);
}

/** No feature bit tells of the call: who does not have it does not know its number. */
export function hasPairing(): bool {
  return call(pairingArea(self)) != ENOSYS;
}

/** Stores {i64 UTC in ns, u64 TSC}. IF = 0: a handler that asks uses the same area. */
export function clockPairing(out_va: i64): i32 {
  const at = pairingArea(self);
  const rflags = machine.pushf();
  machine.cli();
  const result = call(at);
  const utc_ns = machine.load64(at) * NS_PER_S + machine.load64(at + PAIRING_NS);
  const tsc = machine.load64(at + PAIRING_TSC);
  machine.popf(rflags);
  if (result < 0) return E_AGAIN;
  machine.store64(out_va, utc_ns);
  machine.store64(out_va + 8, tsc);
  return 0;
}
