// The conformance suite in every store that this host has.
import { memoryHost } from './memory.js';
import { runIn } from './suite.js';

const passed = [await runIn(memoryHost, 'node-memory.json')];
process.exitCode = passed.every(Boolean) ? 0 : 1;
