// Mocha's spec reporter. Leaves the counts in the file that $TEST_COUNTS names, for test/run.mjs to end with.
const { writeFileSync } = require('node:fs');
const { reporters, Runner } = require('mocha');

module.exports = class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const file = process.env.TEST_COUNTS;
      if (file) writeFileSync(file, JSON.stringify(this.stats));
    });
  }
};
