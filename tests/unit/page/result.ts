/* Tests of the page in the manner of the others: one line for each, exit status 1 when one failed. */

const cases: { name: string; run: () => void | Promise<void> }[] = [];

export function test(name: string, run: () => void | Promise<void>): void {
  cases.push({ name, run });
}

export async function run(suite: string): Promise<void> {
  for (const { name, run: body } of cases) {
    try {
      await body();
      console.log(`ok - ${suite}: ${name}`);
    } catch (error) {
      console.log(`# ${String((error as Error).stack).replaceAll('\n', '\n# ')}`);
      console.log(`not ok - ${suite}: ${name}`);
      process.exitCode = 1;
    }
  }
}
