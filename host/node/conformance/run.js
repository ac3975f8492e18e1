// The conformance suite over every store of this host.
import { memoryHost } from './memory.js';
import { startRedisHost } from './redis.js';
import { runIn } from './suite.js';

const passed = [await runIn(memoryHost, 'node-memory.json')];
const redis = await startRedisHost();
try {
  passed.push(await runIn(redis.host, 'node-redis.json'));
} finally {
  await redis.stop();
}
process.exitCode = passed.every(Boolean) ? 0 : 1;
