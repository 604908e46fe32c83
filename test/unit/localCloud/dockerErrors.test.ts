import { strict as assert } from 'node:assert';
import { toApiError } from '../../../src/localCloud/apiFailure';
import { engineError } from '../../../src/localCloud/runtimes/dockerErrors';

describe('Failure of a container engine', () => {
  const failures = [
    { what: 'is not there', error: { code: 'ENOENT' }, status: 503 },
    { what: 'is being restarted', error: { code: 'ECONNREFUSED' }, status: 503 },
    { what: 'hangs up', error: { code: 'ECONNRESET' }, status: 503 },
    { what: 'refuses', error: { statusCode: 500 }, status: 422 },
  ];
  for (const { what, error, status } of failures) {
    it(`is told as HTTP ${status} when it ${what}, so that clients know whether to try again`, () => {
      const cause = Object.assign(new Error('engine trouble'), error);

      const refusal = toApiError(engineError('start the box', cause));

      assert.equal(refusal.status, status);
      assert.match(refusal.message, /could not start the box: engine trouble/);
    });
  }
});
