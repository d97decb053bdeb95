// The dependency rule. dependency-cruiser exits 0 when it could parse nothing, so what it cruised is asserted too.
import { execFileSync } from 'node:child_process';

const zones = ['scenarios', 'lib', 'domain', 'cli', 'stand-in', 'proof'];
let output;
try {
  output = execFileSync('node_modules/.bin/depcruise', ['--output-type', 'json', ...zones], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
} catch (error) {
  output = error.stdout;
}
const { summary } = JSON.parse(output);
for (const v of summary.violations) console.error(`${v.rule.name}: ${v.from} -> ${v.to}`);
if (summary.totalCruised < 20)
  console.error(`only ${summary.totalCruised} modules were cruised: the parser saw nothing`);
console.log(`dependency rule: ${summary.totalCruised} modules, ${summary.violations.length} violations`);
process.exitCode = summary.violations.length === 0 && summary.totalCruised >= 20 ? 0 : 1;
