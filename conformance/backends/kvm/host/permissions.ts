// Which MSRs the guest reaches without an exit. The map is two host pages, two bits per MSR (even: reads exit, odd: writes
// exit): | 0–0x1FFF | 0xC0000000–0xC0001FFF | 0xC0010000–0xC0011FFF | unused | of 2 KiB each. KVM's own MSRs lie outside: they exit.
import * as host from "../../../sdk/as/host";
import { vcpus } from "./state";

const MAP_BYTES: i64 = 8192;
const HIGH_OFFSET: i64 = 2048;
const MSR_TSC: i32 = 0x10;
/** MSR 0x10 has the lowest two bits of its byte: reads pass, all else exits. */
const READS_PASS: i32 = 0xfe;
const X2APIC_FIRST: i32 = 0x800;
const LVT_TIMER: i32 = 0x832;
const COUNT_INITIAL: i32 = 0x838;
const SELF_IPI: i32 = 0x83f;
const ERROR_NO_FRAMES: i32 = -6;

/** Builds the map, gives it to every vCPU; 0, or −6 when there are no two neighbouring host frames. */
export function permissionsInit(): i32 {
  const map = twoFrames();
  if (map < 0) return ERROR_NO_FRAMES;
  for (let at: i64 = 0; at < MAP_BYTES; at += 8) host.store64(map + at, -1);
  // TSC reads, APIC base, SYSENTER, PAT, and the x2APIC without its timer.
  host.store8(map + (MSR_TSC >> 2), READS_PASS);
  allow(map, 0x1b, 1);
  allow(map, 0x174, 3);
  allow(map, 0x277, 1);
  allow(map, X2APIC_FIRST, LVT_TIMER - X2APIC_FIRST);
  allow(map, LVT_TIMER + 1, COUNT_INITIAL - LVT_TIMER - 1);
  allow(map, SELF_IPI, 1);
  // EFER, STAR, LSTAR, CSTAR, SFMASK; FS, GS and kernel GS base, TSC_AUX.
  allow(map + HIGH_OFFSET, 0x80, 5);
  allow(map + HIGH_OFFSET, 0x100, 4);
  for (let i = 0; i < vcpus; i++) host.set(i, host.FIELD_MSR_MAP, map);
  return 0;
}

function allow(table: i64, first: i32, count: i32): void {
  for (let msr = first; msr < first + count; msr++) {
    const at = table + (msr >> 2);
    host.store8(at, host.load8(at) & ~(3 << ((msr & 3) << 1)));
  }
}

/** Machine address of two neighbouring frames of the host; −1 if there are none. */
function twoFrames(): i64 {
  const frames = host.frames();
  for (let mfn = 0; mfn + 1 < frames; mfn++) {
    if (host.owner(mfn) == host.OWNER_HOST && host.owner(mfn + 1) == host.OWNER_HOST) return (<i64>mfn) << 12;
  }
  return -1;
}
