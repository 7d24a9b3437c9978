// The engine's host handler: every imported function of every half ends here.
import { HOST_DONE, HOST_RESTART, setHostHandler } from "../engine/index";
import { countHost } from "./costs";
import { coverageHit } from "./coverage";
import { cpuAt } from "./cpu";
import { hostCall } from "./host-calls";
import { CLASS_COVERAGE, CLASS_HOST, CLASS_MACHINE, CLASS_TEST } from "./link";
import { machineCall, opCall } from "./machine-calls";
import { END_NONE, run } from "./run";
import { settleFuel } from "./scheduler";
import { testCall } from "./test-calls";

function serve(thread: usize, hostId: u32, args: usize): i32 {
  const c = cpuAt(run.current);
  const used = settleFuel(thread);
  const cls = hostId >>> 16;
  const id = hostId & 0xffff;
  if (cls == CLASS_COVERAGE) {
    coverageHit(c, load<u32>(args));
    return HOST_DONE;
  }
  if (cls == CLASS_HOST) {
    countHost(c, used);
    return hostCall(c, id, args);
  }
  c.instructions += used;
  if (run.end != END_NONE) return HOST_RESTART;
  if (cls == CLASS_MACHINE) return machineCall(c, id, args);
  return cls == CLASS_TEST ? testCall(c, id, args) : opCall(c, id, args);
}

export function installDispatch(): void {
  setHostHandler(serve);
}
