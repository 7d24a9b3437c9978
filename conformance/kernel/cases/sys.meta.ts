import { type CaseMeta, explored, sequential } from "../case-meta.ts";

export const sys: CaseMeta[] = [
  sequential("sys-power-off", "Power off is an orderly end", ["sys.shutdown.1", "sys.shutdown.2"]),
  sequential("sys-power-off-everybody", "Power off ends all vCPUs", ["sys.shutdown.1"], ["busy", "busy too", "caller"]),
  explored("sys-other-reasons", "Every other reason ends the guest too", ["sys.shutdown.3"], ["vCPU"], { budget: 10 }),
];
