// The host half of tlfs-flush.ts without `enter`: who is descheduled goes to guest mode without the lock.
export { abi, boot, exit } from "./tlfs-flush";
