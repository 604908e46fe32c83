/** A connection that reports a state and then has nothing left to do. */
import { silentLogger } from '../../../src/base/logger';
import { StateReporter } from '../../../src/broker/stateReporter';

const [dir = '', alias = ''] = process.argv.slice(2);
const reporter = new StateReporter({ dir, editor: 'vscode', log: silentLogger });
reporter.report({ connectionId: 'child', alias, pid: process.pid, phase: 'connected', since: Date.now() });
void reporter.flush();
