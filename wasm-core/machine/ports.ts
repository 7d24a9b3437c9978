// Ports of the bare machine: 0x604 power off, 0xCF9 reset, 0xE9 trace, 0x70 and 0x71 real-time clock. Nothing else answers: reads give all ones.
import { generalProtection } from "./faults";
import { machine } from "./machine";
import { Step } from "./ops";
import { Access } from "./paging";
import { PORT_RTC_DATA, PORT_RTC_INDEX, rtcRegister } from "./rtc";
import { sbLoad } from "./storebuffer";
import { utcAtPowerOn } from "./time";
import { translate, translated } from "./translate";
import { EndKind, Vcpu } from "./vcpu";

const PORT_POWER: u32 = 0x604;
const PORT_RESET: u32 = 0xcf9;
const PORT_TRACE: u32 = 0xe9;
const POWER_OFF_VALUE: u32 = 0x2000;
/** Bit that turns a write to 0xCF9 into a reset. */
const RESET_BIT: u32 = 4;

/** IN: all ones of the size. */
export function readPort(port: u32, size: u32): u32 {
  if (port == PORT_TRACE && size == 1) return 0xe9;
  if (port == PORT_RTC_DATA && size == 1) return rtcRegister(machine.rtc_index, utcAtPowerOn() + machine.now / 1_000_000_000);
  return 0xffff_ffff >> (32 - (size << 3));
}

/** OUT: DONE, or END. */
export function writePort(v: Vcpu, port: u32, size: u32, value: u32): i32 {
  if (port == PORT_TRACE) {
    machine.trace_count += 1;
    machine.trace_byte = value & 0xff;
  } else if (port == PORT_RTC_INDEX && size == 1) {
    machine.rtc_index = value;
  } else if (port == PORT_POWER && size == 2 && (value & 0xffff) == POWER_OFF_VALUE) {
    v.end_kind = EndKind.POWER_OFF;
    return Step.END;
  } else if (port == PORT_RESET && size == 1 && (value & RESET_BIT) != 0) {
    v.end_kind = EndKind.RESET;
    return Step.END;
  }
  return Step.DONE;
}

/** Whether code below I/O privilege may touch the ports, by the bitmap of the TSS: DONE, FAULT, SPLIT or EXIT. */
export function checkPortBitmap(v: Vcpu, port: u32, size: u32): i32 {
  if (v.tss_limit < 0x67) return generalProtection(v);
  let status = translate(v, v.tss_base + 0x66, Access.IMPLICIT);
  if (status != Step.DONE) return status;
  const at = <u32>sbLoad(v, translated, 2) + (port >> 3);
  if (at + 1 > v.tss_limit) return generalProtection(v);
  let bits: u32 = 0;
  for (let i: u32 = 0; i < 2; i++) {
    status = translate(v, v.tss_base + at + i, Access.IMPLICIT);
    if (status != Step.DONE) return status;
    bits |= <u32>sbLoad(v, translated, 1) << (i << 3);
  }
  const mask = ((1 << size) - 1) << (port & 7);
  return bits & mask ? generalProtection(v) : Step.DONE;
}
