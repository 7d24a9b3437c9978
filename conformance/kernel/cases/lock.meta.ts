import { type CaseMeta, explored, sequential } from "../case-meta.ts";

export const lock: CaseMeta[] = [
  sequential("lock-wait-changed", "A changed byte is not waited for", ["lock.wait.1"]),
  explored("lock-wait-announced", "An announced waiter is not overlooked", ["lock.wait.2"], ["waiter", "owner"]),
  sequential("lock-wait-asleep", "A kick ends the sleep", ["lock.wait.3"], ["waiter", "owner"], { on: [1, 3] }),
  explored("lock-kick-any-time", "A kick at any moment wakes", ["lock.kick.1"], ["waiter", "owner"], { on: [2, 1] }),
  sequential("lock-wait-keeps-if", "The interrupt flag is that of the call", ["lock.wait.4"], ["waiter", "owner"]),
  sequential("lock-wait-takes-interrupts", "Interrupts are taken in the wait", ["lock.wait.5"]),
  explored("lock-wait-nested", "A handler waits inside a wait", ["lock.wait.6"], ["waiter", "owner"], { bound: 2, budget: 800 }),
  sequential("lock-kick-running", "A running target is not disturbed", ["lock.kick.2"], ["kicker", "running"]),
  explored(
    "lock-kick-stores",
    "The waiter sees what was stored before the kick",
    ["lock.kick.3"],
    ["waiter", "owner"],
    { on: [3, 1] },
  ),
  sequential("lock-kick-nobody", "A vCPU that does not exist", ["lock.kick.4"]),
  sequential("lock-wait-in-nmi", "An NMI's handler does not wait", ["lock.wait.7"]),
  sequential("lock-wait-dedicated", "Nothing to wait for on dedicated processors", ["lock.wait.8"]),
  sequential("lock-kick-down", "A kick does not start a vCPU", ["lock.kick.5"]),
];
