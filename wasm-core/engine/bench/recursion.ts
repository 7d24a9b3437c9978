// Benchmark: recursion. Fibonacci, Ackermann, Takeuchi.
function fibonacci(n: i32): i32 {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

function ackermann(m: i32, n: i32): i32 {
  if (m == 0) return n + 1;
  if (n == 0) return ackermann(m - 1, 1);
  return ackermann(m - 1, ackermann(m, n - 1));
}

function takeuchi(x: i32, y: i32, z: i32): i32 {
  if (y >= x) return z;
  return takeuchi(takeuchi(x - 1, y, z), takeuchi(y - 1, z, x), takeuchi(z - 1, x, y));
}

export function run(n: i32): i32 {
  let sum = 0;
  for (let i = 0; i < n; i++) sum = sum * 7 + fibonacci(21) + ackermann(2, 60) + takeuchi(12, 8, 4);
  return sum;
}
