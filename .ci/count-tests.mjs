/**
 * Adds up the reports that the test runs left in a folder: one line for each run, then the plain closing line.
 *
 *     node .ci/count-tests.mjs <folder> <exit status of the whole run>
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const [folder = '.', status = '0'] = process.argv.slice(2);
const total = { passed: 0, failed: 0 };

console.log();
for (const file of readdirSync(folder).sort()) {
  const report = JSON.parse(readFileSync(join(folder, file), 'utf8'));
  // A file that breaks outside its tests has failed, though none of its tests has.
  const broken = report.testResults.filter(
    (suite) => suite.status === 'failed' && suite.assertionResults.every((test) => test.status !== 'failed'),
  ).length;
  const skipped = report.numPendingTests + report.numTodoTests;
  const failed = report.numFailedTests + broken;
  console.log(`${file.replace('.json', '')}: ${report.numPassedTests} passed, ${failed} failed, ${skipped} skipped`);
  total.passed += report.numPassedTests;
  total.failed += failed;
}
if (status !== '0' && total.failed === 0) {
  console.log(`a command ended with exit code ${status}; it counts as one failure`);
  total.failed = 1;
}
console.log(`${total.passed} passed, ${total.failed} failed`);
