// `npm start`: makes a clean checkout ready and hands over to the bundled program.
import { createRequire } from 'node:module';
import { prepare } from './prepare.mjs';

prepare();
createRequire(import.meta.url)('../dist/start.js');
