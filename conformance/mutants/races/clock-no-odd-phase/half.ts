// A clock as pvclock has it: @0 version, odd while the body is written; @8 ticks and @16 nanoseconds of the same moment.
import * as machine from "../../../sdk/as/machine";
import { abi } from "../race";

export { abi };

let torn: bool = false;

export function race_prepare(at: i64): void {
  for (let word: i64 = 0; word < 24; word += 8) machine.store64(at + word, 2);
}

/** Role 0 publishes the moment 4; role 1 reads. */
export function race_run(role: i32, at: i64): void {
  if (role === 0) publish(at, 4);
  else read(at);
}

function publish(at: i64, moment: i64): void {
  machine.store64(at, moment - 1);
  machine.store64(at + 8, moment);
  machine.store64(at + 16, moment);
  machine.store64(at, moment);
}

function read(at: i64): void {
  while (true) {
    const version = machine.load64(at);
    const ticks = machine.load64(at + 8);
    const ns = machine.load64(at + 16);
    if ((version & 1) === 0 && machine.load64(at) === version) {
      torn = ticks !== ns;
      return;
    }
    machine.pause();
  }
}

export function race_event(_at: i64): void {}

export function race_check(_role: i32): i32 {
  return torn ? 0 : 1;
}
