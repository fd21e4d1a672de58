import type { Reporter, TestModule } from 'vitest/node';

/** Closes the run with one plain line that any CI can read: `N passed, N failed`. */
export default class PlainSummary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let passed = 0;
    let failed = unhandledErrors.length;
    for (const module of modules) {
      const tests = [...module.children.allTests()];
      passed += tests.filter((test) => test.result().state === 'passed').length;
      // A skipped test is one that proved nothing: it counts as failed.
      failed += tests.filter((test) => test.result().state !== 'passed').length;
      if (module.errors().length > 0) failed += 1;
    }
    console.log(`\n${passed} passed, ${failed} failed`);
  }
}
