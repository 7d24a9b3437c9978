// Interrupts to a set of vCPUs by a hypercall that takes a bitmap over 128 APIC ids from the lowest one on.
import * as machine from "../../../sdk/as/machine";
import { abi, apicIdOf, sendWindow, vcpus } from "../race";

export { abi };

const WINDOW: i32 = 128;

let taken: i32 = 0;

export function race_prepare(_at: i64): void {}

export function race_run(role: i32, at: i64): void {
  if (role === 0) sendAll(at);
  else while (!taken) machine.pause();
}

/** To everybody, in the order of the vCPUs: a window grows downwards as long as its highest id fits, else it is sent. */
function sendAll(at: i64): void {
  let low: u64 = 0;
  let high: u64 = 0;
  let least = 0;
  let most = -1;
  for (let i = 0; i < vcpus(at); i++) {
    const id = apicIdOf(at, i);
    if (most < 0) least = most = id;
    else if (id < least && most - id < WINDOW) {
      const shift = <u64>(least - id);
      high = shift < 64 ? (high << shift) | (low >> (64 - shift)) : low << (shift - 64);
      low = shift < 64 ? low << shift : 0;
      least = id;
    } else if (id > least && id < least + WINDOW) most = max(most, id);
    else {
      sendWindow(low, high, least);
      low = high = 0;
      least = most = id;
    }
    if (id - least < 64) low |= (<u64>1) << (id - least);
    else high |= (<u64>1) << (id - least - 64);
  }
  sendWindow(low, high, least);
}

export function race_event(_at: i64): void {
  taken += 1;
}

export function race_check(_role: i32): i32 {
  return taken;
}
