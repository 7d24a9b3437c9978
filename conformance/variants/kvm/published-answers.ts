// KVM's guest half, demanding: it makes every legal call that the reference guest half leaves out.
export * from "../../backends/kvm/guest";
export { parley_hostile_step } from "./published-steps";
