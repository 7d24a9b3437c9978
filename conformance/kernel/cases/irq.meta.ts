import { type CaseMeta, explored, sequential } from "../case-meta.ts";

export const irq: CaseMeta[] = [
  sequential("irq-save-fl-both-states", "The flag reads as it is and stays so", ["irq.save_fl.1", "irq.save_fl.2"]),
  explored("irq-save-fl-in-nmi", "An NMI reads the flag amid the ops", ["irq.save_fl.3"], ["vCPU"], {
    irq: "fine",
    arrivals: [{ kind: "nmi", vector: 2, vcpu: 0, max: 1 }],
  }),
  sequential("irq-keep-registers", "Registers other than RAX are preserved", [
    "irq.save_fl.4",
    "irq.disable.5",
    "irq.enable.3",
  ]),
  sequential(
    "irq-disable-holds-delivery",
    "What arrives while disabled waits",
    ["irq.disable.1", "irq.disable.2"],
    ["vCPU"],
    { on: [3] },
  ),
  explored(
    "irq-disable-any-arrival",
    "An interrupt arrives around irq.disable",
    ["irq.disable.1", "irq.disable.2"],
    ["disabler", "device"],
    { on: [2, 1] },
  ),
  sequential("irq-disable-does-not-count", "One enable undoes three disables", ["irq.disable.3"]),
  sequential(
    "irq-disable-own-vcpu",
    "Disabling one vCPU leaves the other alone",
    ["irq.disable.4"],
    ["disabler", "bystander"],
    { on: [3, 2] },
  ),
  sequential("irq-enable-delivers-pending", "Enabling delivers what is pending", ["irq.enable.1"]),
  sequential("irq-enable-then-disable", "Enable and disable at once drop nothing", ["irq.enable.2"]),
  sequential("irq-safe-halt-pending-before", "A pending interrupt ends the halt", ["irq.safe_halt.1"]),
  explored(
    "irq-safe-halt-any-arrival",
    "No arrival around the halt is lost",
    ["irq.safe_halt.2"],
    ["sleeper", "device"],
    { on: [2, 1] },
  ),
  sequential(
    "irq-safe-halt-in-sleep",
    "An interrupt ends the sleep after its handler ran",
    ["irq.safe_halt.3"],
    ["vCPU"],
    { on: [3] },
  ),
  sequential("irq-safe-halt-returns-enabled", "The halt returns with interrupts enabled", ["irq.safe_halt.4"]),
];
