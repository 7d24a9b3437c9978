// Areas that the guest has taken back: the host half may not write to them any more, not even what they hold.
//
//   area (16 bytes): | first guest-physical page u32 | pages u32 | clause u32 | unused |
import { hotAlloc } from "../memory/arena";
import { config as machineConfig } from "../machine/config";
import { guestFrame } from "../machine/frames";
import { Cpu, cpuAt } from "./cpu";
import { FAIL_AUDIT, failBegin, failEnd, failureToHost } from "./failure";
import { put, putHex } from "./text";

const AREAS_MAX: u32 = 32;
const AREA_BYTES: u32 = 16;

@unmanaged
class Revoked {
  areas: u32;
  /** The first write to one: its guest-physical address + 1, 0 = none; clause of the area, and the CPU that the host half ran on. */
  written: u32;
  clause: u32;
  cpu: u32;
}

let revoked: Revoked = changetype<Revoked>(0);
let areas: usize = 0;

/** Allocates the list; false when hot memory is full. */
export function revokedCreate(): bool {
  const at = hotAlloc(offsetof<Revoked>());
  areas = hotAlloc(AREAS_MAX * AREA_BYTES);
  revoked = changetype<Revoked>(at);
  return at != 0 && areas != 0;
}

/** test.revoked: the pages belong to the guest alone from here on; 0 pages: those from gpa on do no longer. False: too many. */
export function revokedAdd(clause: u32, gpa: u64, pages: u32): bool {
  if (!pages) return giveBack(<u32>(gpa >> 12));
  if (revoked.areas == AREAS_MAX) return false;
  const at = areas + revoked.areas * AREA_BYTES;
  store<u32>(at, <u32>(gpa >> 12));
  store<u32>(at, pages, 4);
  store<u32>(at, clause, 8);
  revoked.areas += 1;
  return true;
}

function giveBack(page: u32): bool {
  for (let i: u32 = 0; i < revoked.areas; i++) {
    const at = areas + i * AREA_BYTES;
    if (load<u32>(at) == page) store<u32>(at, 0, 4);
  }
  return true;
}

/** The host half, running on this CPU, stores to these bytes of machine memory. */
export function revokedWrite(c: Cpu, ma: u32, size: u32): void {
  if (!revoked.areas || revoked.written) return;
  for (let i: u32 = 0; i < revoked.areas && !revoked.written; i++) lookIn(c, areas + i * AREA_BYTES, ma, ma + size - 1);
}

function lookIn(c: Cpu, area: usize, first: u32, last: u32): void {
  const page = load<u32>(area);
  for (let i: u32 = 0; i < load<u32>(area, 4) && page + i < machineConfig.pages; i++) {
    const mfn = guestFrame(page + i);
    if (first >>> 12 != mfn && last >>> 12 != mfn) continue;
    revoked.written = ((page + i) << 12 | (first >>> 12 == mfn ? first & 0xfff : 0)) + 1;
    revoked.clause = load<u32>(area, 8);
    revoked.cpu = c.index;
    return;
  }
}

/** Fails the schedule if the host half has written to one. */
export function revokedAudit(): bool {
  if (!revoked.written) return false;
  failBegin(FAIL_AUDIT, revoked.clause, cpuAt(revoked.cpu), 0);
  put("the host half wrote to guest-physical address ");
  putHex(revoked.written - 1);
  put(", in an area that the guest had revoked");
  failEnd();
  failureToHost();
  return true;
}
