export function permissionsInit(): i32 { return 0; }
