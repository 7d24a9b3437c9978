// The real-time clock as a host half imitates it: ports 0x70 (index) and 0x71 (data).
import * as host from "../../sdk/as/host";
import { PORT_RTC_DATA, PORT_RTC_INDEX, rtcRegister } from "../../../wasm-core/machine/rtc";

const NS_PER_S: i64 = 1_000_000_000;

let selected: u32 = 0;

/** Whether a read of one byte at `port` is the clock's. */
export function isRtcData(port: i32): bool {
  return port == PORT_RTC_DATA;
}

export function rtcRead(): i64 {
  return rtcRegister(selected, host.param(host.PARAM_UTC_S) + host.now() / NS_PER_S);
}

/** A write of one byte; true if it was the clock's. */
export function rtcWrite(port: i32, value: i64): bool {
  if (port == PORT_RTC_INDEX) selected = <u32>value & 0x7f;
  return port == PORT_RTC_INDEX || port == PORT_RTC_DATA;
}
