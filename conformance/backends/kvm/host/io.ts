// Ports that this host imitates: power off, reset, real-time clock, and the devices of platform.ts. Nothing else answers.
import * as host from "../../../sdk/as/host";
import { PORT_POWER, PORT_RESET, POWER_OFF } from "../../../sdk/as/machine";
import { isRtcData, rtcRead, rtcWrite } from "../../lib/rtc";
import { platformRead, platformWrite } from "./platform";
import { skip } from "./state";

const FLAG_WRITE: i64 = 1;
const RESET_CPU: i64 = 4;
const SHUTDOWN_POWER_OFF: i32 = 0;
const SHUTDOWN_REBOOT: i32 = 1;

export function exitIo(vcpu: i32): i32 {
  const port = <i32>host.get(vcpu, host.FIELD_EXIT_A);
  const value = host.get(vcpu, host.FIELD_EXIT_B);
  const flags = host.get(vcpu, host.FIELD_EXIT_FLAGS);
  if (!(flags & FLAG_WRITE)) host.set(vcpu, host.FIELD_RAX, read(port) & ones(flags >> 1));
  else if (port == PORT_POWER && value & POWER_OFF) host.shutdown(SHUTDOWN_POWER_OFF);
  else if (port == PORT_RESET && value & RESET_CPU) host.shutdown(SHUTDOWN_REBOOT);
  else if (!rtcWrite(port, value)) platformWrite(port, value);
  return skip(vcpu);
}

function read(port: i32): i64 {
  return isRtcData(port) ? rtcRead() : platformRead(port);
}

/** The bits that an access of 1, 2 or 4 bytes has. */
function ones(size_bytes: i64): i64 {
  return 0xffff_ffff >> (32 - (size_bytes << 3));
}
