// `npm start`: makes a clean checkout ready and hands over to the bundled program.
import { createRequire } from 'node:module';
import { prepare, say } from './prepare.mjs';

try {
  prepare();
} catch (error) {
  say(error.message);
  process.exit(1);
}
createRequire(import.meta.url)('../dist/start.js');
