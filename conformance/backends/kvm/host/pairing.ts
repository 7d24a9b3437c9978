// KVM_HC_CLOCK_PAIRING: one sample of the host's wall clock together with the guest's counter.
import * as host from "../../../sdk/as/host";
import { FEATURE_CLOCK_PAIRING } from "../../../sdk/as/info";
import {
  EFAULT,
  ENOSYS,
  EOPNOTSUPP,
  KVM_CLOCKSOURCE2,
  PAIRING_BYTES,
  PAIRING_NS,
  PAIRING_TSC,
  PAIRING_WALLCLOCK,
} from "../abi";
import { timeOf } from "./clock";
import { areaOf, offered } from "./state";

const NS_PER_S: i64 = 1_000_000_000;

/** The sample as it is copied to the guest. */
const sample: usize = memory.data(64, 8);

/** No feature bit tells of the call: whoever does not have it does not know its number. */
export function clockPairing(vcpu: i32, gpa: i64, type: i64): i64 {
  if (!(offered & KVM_CLOCKSOURCE2 && host.param(host.PARAM_FEATURE_MASK) & FEATURE_CLOCK_PAIRING)) return ENOSYS;
  if (type != PAIRING_WALLCLOCK) return EOPNOTSUPP;
  // It may cross a page: both must be the guest's before the first byte is written.
  const first = areaOf(gpa, 1);
  const last = areaOf(gpa + PAIRING_BYTES - 1, 1);
  if (first < 0 || last < 0) return EFAULT;
  const tsc = host.get(vcpu, host.FIELD_TSC);
  const ns = <i64>timeOf(<u64>tsc);
  store<i64>(sample, host.param(host.PARAM_UTC_S) + ns / NS_PER_S);
  store<i64>(sample + <usize>PAIRING_NS, ns % NS_PER_S);
  store<i64>(sample + <usize>PAIRING_TSC, tsc);
  const here = min(PAIRING_BYTES, 0x1000 - <i32>(gpa & 0xfff));
  host.copy_out(<i32>sample, first, here);
  if (here < PAIRING_BYTES) host.copy_out(<i32>sample + here, last & ~0xfff, PAIRING_BYTES - here);
  return 0;
}
