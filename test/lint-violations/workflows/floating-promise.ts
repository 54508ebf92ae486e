// @typescript-eslint/no-floating-promises: a promise nobody waits for is work nobody accounts for
async function work(): Promise<void> {
  await Promise.resolve();
}
export function run(): void {
  work();
}
