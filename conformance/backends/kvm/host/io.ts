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
  if (!(host.get(vcpu, host.FIELD_EXIT_FLAGS) & FLAG_WRITE)) host.set(vcpu, host.FIELD_RAX, isRtcData(port) ? rtcRead() : platformRead(port));
  else if (port == PORT_POWER && value & POWER_OFF) host.shutdown(SHUTDOWN_POWER_OFF);
  else if (port == PORT_RESET && value & RESET_CPU) host.shutdown(SHUTDOWN_REBOOT);
  else if (!rtcWrite(port, value)) platformWrite(port, value);
  return skip(vcpu);
}
