import { type CaseMeta, explored, sequential } from "../case-meta.ts";

export const sys: CaseMeta[] = [
  sequential("sys-power-off", "Power off is an orderly end", ["sys.shutdown.2"]),
  sequential("sys-reboot", "A reboot is a reset", ["sys.shutdown.4"]),
  sequential("sys-power-off-everybody", "Power off ends all vCPUs", ["sys.shutdown.1"], ["busy", "busy too", "caller"]),
  explored("sys-other-reasons", "Every other reason ends the guest too", ["sys.shutdown.3"], ["vCPU"], { budget: 10 }),
  sequential("sys-crash-lost", "A lost guest ends as a crash", ["sys.crash_report.1"]),
  sequential("sys-crash-goes-on", "A crash kernel takes over", ["sys.crash_report.2"]),
  sequential("sys-crash-refused", "An unknown kind of crash is refused", ["sys.crash_report.3"]),
  sequential("sys-crash-vetoed", "Without its feature nothing is reported", ["sys.crash_report.4"]),
  sequential("sys-watchdog-bites", "A silent guest is ended", ["sys.watchdog.1"], ["silent", "asleep"], { on: [1, 2] }),
  sequential("sys-watchdog-not-early", "Nothing happens before the timeout", ["sys.watchdog.2"]),
  sequential("sys-watchdog-rearmed", "Arming again starts anew", ["sys.watchdog.3"]),
  sequential("sys-watchdog-disarmed", "A timeout of 0 disarms", ["sys.watchdog.4"]),
  sequential("sys-watchdog-refused", "A timeout that cannot be kept is refused", ["sys.watchdog.5"]),
  sequential("sys-watchdog-vetoed", "Without its feature nothing is armed", ["sys.watchdog.6"]),
];
