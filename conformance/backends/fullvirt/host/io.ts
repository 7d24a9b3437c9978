// Ports of the bare machine: power off, reset, real-time clock. Nothing else answers: reads give all ones.
import * as host from "../../../sdk/as/host";
import { isRtcData, rtcRead, rtcWrite } from "../../lib/rtc";
import { finish, skip } from "./state";

const FLAG_WRITE: i64 = 1;
const PORT_POWER: i64 = 0x604;
const PORT_RESET: i64 = 0xcf9;
const POWER_OFF: i64 = 0x2000;
const RESET_CPU: i64 = 4;
const SHUTDOWN_POWER_OFF: i32 = 0;
const SHUTDOWN_REBOOT: i32 = 1;

export function exitIo(vcpu: i32): i32 {
  const flags = host.get(vcpu, host.FIELD_EXIT_FLAGS);
  const port = host.get(vcpu, host.FIELD_EXIT_A);
  const value = host.get(vcpu, host.FIELD_EXIT_B);
  const size = (flags >> 1) & 7;
  if (!(flags & FLAG_WRITE)) return finish(vcpu, readPort(port, size));
  if (size == 1 && rtcWrite(<i32>port, value)) return skip(vcpu);
  if (port == PORT_POWER && size == 2 && (value & 0xffff) == POWER_OFF) host.shutdown(SHUTDOWN_POWER_OFF);
  if (port == PORT_RESET && size == 1 && value & RESET_CPU) host.shutdown(SHUTDOWN_REBOOT);
  return skip(vcpu);
}

function readPort(port: i64, size: i64): i64 {
  return size == 1 && isRtcData(<i32>port) ? rtcRead() : 0xffff_ffff >> (32 - (size << 3));
}
