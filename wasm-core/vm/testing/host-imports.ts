// host.* of the test host half.
@external("host", "load64") export declare function load64(ma: i64): i64;
@external("host", "store64") export declare function store64(ma: i64, v: i64): void;
@external("host", "mfence") export declare function mfence(): void;
@external("host", "get") export declare function get(vcpu: i32, field: i32): i64;
@external("host", "set") export declare function set(vcpu: i32, field: i32, v: i64): i32;
@external("host", "guest_frame") export declare function guestFrame(i: i32): i64;
@external("host", "frames") export declare function frames(): i32;
@external("host", "owner") export declare function owner(mfn: i64): i32;
@external("host", "wake") export declare function wake(vcpu: i32): i32;
@external("host", "kick") export declare function kick(vcpu: i32): void;
@external("host", "stop") export declare function stop(vcpu: i32): i32;
@external("host", "irq") export declare function irq(vcpu: i32, vector: i32): i32;
@external("host", "timer_set") export declare function timerSet(vcpu: i32, slot: i32, at: i64, period: i64, counter: i32): void;
@external("host", "resched") export declare function resched(vcpu: i32): void;
@external("host", "now") export declare function now(): i64;
@external("host", "shutdown") export declare function shutdown(reason: i32): void;
