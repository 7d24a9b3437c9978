import { type CaseMeta, explored, sequential } from "../case-meta.ts";

export const msr: CaseMeta[] = [
  sequential("msr-reads-back", "A register reads back as written", ["msr.read.1", "msr.write.1"]),
  sequential("msr-architectural", "Every register of the architecture reads back", ["msr.read.1", "msr.write.1"]),
  sequential("msr-read-missing", "Reading a register that does not exist faults", ["msr.read.2"]),
  sequential("msr-write-own-vcpu", "A write stays on its vCPU", ["msr.write.2"], ["writer", "bystander"], { on: [2, 1] }),
  sequential("msr-write-missing", "Writing a register that does not exist faults", ["msr.write.3"]),
  sequential("msr-write-non-canonical", "An address register refuses what is no address", ["msr.write.4"]),
  sequential("msr-read-safe-value", "A safe read gives the value", ["msr.read_safe.1"]),
  sequential("msr-read-safe-refused", "A refused safe read is an error and no fault", ["msr.read_safe.2"]),
  sequential("msr-read-safe-keeps-output", "A refused safe read leaves its output alone", ["msr.read_safe.3"]),
  explored("msr-read-safe-in-handler", "A handler's safe read amid another", ["msr.read_safe.4"], ["reader"], {
    arrivals: [{ kind: "nmi", vector: 2, vcpu: 0, max: 1 }],
  }),
  sequential("msr-write-safe-value", "A safe write writes", ["msr.write_safe.1"]),
  sequential("msr-write-safe-refused", "A refused safe write is an error and no fault", ["msr.write_safe.2"]),
  sequential("msr-write-safe-keeps-value", "A refused safe write changes nothing", ["msr.write_safe.3"]),
];
