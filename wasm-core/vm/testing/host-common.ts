// What the test host halves of kind E share: answers of hypercalls, and the start of APs.
import { get, guestFrame, load64, set } from "./host-imports";

const RIP: i32 = 0x20;
const RSP: i32 = 4;
const CR3: i32 = 0x32;
const EXIT_A: i32 = 0x71;
const EXIT_LEN: i32 = 0x76;

/** Answers a hypercall: action ENTER. */
export function done(vcpu: i32, result: i64): i32 {
  set(vcpu, 0, result);
  set(vcpu, RIP, get(vcpu, RIP) + get(vcpu, EXIT_LEN));
  return 0;
}

/** Machine address of a guest-physical address. */
export function machineAddress(gpa: i64): i64 {
  return (guestFrame((gpa >> 12) as i32) << 12) | (gpa & 0xfff);
}

/** Where a vCPU starts: {u64 rip, u64 cr3, u64 rsp} at ma, each loaded once. */
export function loadStart(vcpu: i32, ma: i64): void {
  set(vcpu, RIP, load64(ma));
  set(vcpu, CR3, load64(ma + 8));
  set(vcpu, RSP, load64(ma + 16));
}

/** SIPI: the vector is the page that says where. */
export function startAp(vcpu: i32): i32 {
  loadStart(vcpu, guestFrame(get(vcpu, EXIT_A) as i32) << 12);
  return 0;
}
